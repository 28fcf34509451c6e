//! `HEAD /v2/<name>/blobs/<digest>`.

use http::Method;
use lazaret_oci::{Digest, Reference};

use crate::call::{Call, Request};
use crate::{Client, Error};

impl Client {
    /// Whether a blob is in the repository of `reference`.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`].
    pub async fn blob_exists(&self, reference: &Reference, digest: &Digest) -> Result<bool, Error> {
        let call = Call::on(reference, format!("look for blob {digest}"));
        self.has_blob(&call, reference, digest).await
    }

    /// [`Client::blob_exists`] as part of another call.
    pub(crate) async fn has_blob(
        &self,
        call: &Call<'_>,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<bool, Error> {
        let uri = self.url_in(reference, &format!("blobs/{digest}"));
        let request = Request::new(Method::HEAD, uri);
        let response = self.request(call, &request).await?;
        match response.status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refused(call, response).await),
        }
    }
}
