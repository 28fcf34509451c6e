//! `GET /v2/_catalog`: the repositories of a registry. This is no longer part of the specification,
//! and many public registries refuse it.

use http::HeaderMap;
use lazaret_oci::{Registry, Repository};
use serde::Deserialize;

use super::pages::{LARGEST_PAGE, MOST_NAMES, Pages};
use crate::auth::Scopes;
use crate::call::Call;
use crate::{Client, Error};

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

impl Client {
    /// All repositories that the registry lists. Invalid names are left out.
    ///
    /// # Errors
    /// As [`Client::tags`].
    pub async fn catalog(&self, registry: &Registry) -> Result<Vec<Repository>, Error> {
        let mut call = Call::at(registry, format!("list repositories of {registry}"));
        call.scopes = Scopes::catalog();
        let first = self.url(registry, "/v2/_catalog?n=1000");
        let mut pages = Pages::new(self, &call, first, MOST_NAMES);
        let mut found = Vec::new();
        while let Some(raw) = pages.next(LARGEST_PAGE, HeaderMap::new()).await? {
            let page: Page = serde_json::from_slice(&raw).map_err(|_| {
                call.protocol("gave a list of repositories that is not the expected JSON")
            })?;
            let names = page.repositories.unwrap_or_default();
            pages.count(names.len())?;
            found.extend(names.iter().filter_map(|name| name.parse().ok()));
        }
        Ok(found)
    }
}
