//! `HEAD /v2/<name>/blobs/<digest>`, for the size.

use http::{Method, header};
use lazaret_oci::{Digest, Reference};

use crate::call::{Call, Request};
use crate::{Client, Error};

impl Client {
    /// The size in bytes that the registry states for a blob in the repository of `reference`,
    /// with one `HEAD`. `None` when the blob is not there (404).
    ///
    /// # Errors
    /// Any but [`Error::NotFound`]; [`Error::Protocol`] when the registry states no size.
    pub async fn blob_size(
        &self,
        reference: &Reference,
        digest: &Digest,
    ) -> Result<Option<u64>, Error> {
        let call = Call::on(reference, format!("ask for the size of blob {digest}"));
        let uri = self.url_in(reference, &format!("blobs/{digest}"));
        let response = self
            .request(&call, &Request::new(Method::HEAD, uri))
            .await?;
        match response.status.as_u16() {
            200 => response
                .header(header::CONTENT_LENGTH)
                .and_then(|text| text.trim().parse().ok())
                .map(Some)
                .ok_or_else(|| call.protocol("stated no size for a blob")),
            404 => Ok(None),
            _ => Err(self.refused(&call, response).await),
        }
    }
}
