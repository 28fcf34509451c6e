//! `DELETE /v2/<name>/manifests/<reference>`.

use http::Method;
use lazaret_oci::Reference;

use crate::auth::Scopes;
use crate::call::{Call, Request};
use crate::{Client, Error};

impl Client {
    /// Deletes a tag, or a manifest when `reference` has a digest. Deleting a tag never deletes
    /// the manifest, which other tags may need.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] (405) from registries that cannot delete it.
    pub async fn delete(&self, reference: &Reference) -> Result<(), Error> {
        let mut call = Call::on(reference, format!("delete {reference}"));
        if let Some(repository) = &call.repository {
            call.scopes = Scopes::delete(repository);
        }
        let path = format!("manifests/{}", reference.locator());
        let request = Request::new(Method::DELETE, self.url_in(reference, &path));
        self.expect(&call, &request, &[200, 202, 204]).await?;
        Ok(())
    }
}
