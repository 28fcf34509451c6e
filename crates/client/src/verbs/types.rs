//! `GET /ext/v1/types`: the artifact families that a Lazaret registry knows.

use lazaret_oci::Registry;

use crate::call::{Call, Request};
use crate::{Client, Error};

/// Largest list of families that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

impl Client {
    /// The list of families, as the registry returns it.
    ///
    /// # Errors
    /// [`Error::NotFound`] from registries that do not have it.
    pub async fn types(&self, registry: &Registry) -> Result<serde_json::Value, Error> {
        let call = Call::at(registry, format!("list artifact types of {registry}"));
        let request = Request::get(self.url(registry, "/ext/v1/types"));
        let (_, raw) = self.fetch(&call, &request, LARGEST).await?;
        serde_json::from_slice(&raw)
            .map_err(|_| call.protocol("gave a list of artifact types that is not JSON"))
    }
}
