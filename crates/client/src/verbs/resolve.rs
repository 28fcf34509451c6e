//! `HEAD /v2/<name>/manifests/<reference>`: resolves a tag to a digest.

use http::{Method, header};
use lazaret_oci::{Descriptor, Reference, media_type};

use super::accept::accept;
use crate::call::{Call, Request, content_digest};
use crate::{Client, Error};

impl Client {
    /// Resolves a reference to the descriptor of its manifest, without the content.
    ///
    /// The digest is what the registry states; it is verified when the manifest is read by it.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Integrity`] when the registry contradicts the pin.
    pub async fn resolve(&self, reference: &Reference) -> Result<Descriptor, Error> {
        let call = Call::on(reference, format!("resolve {reference}"));
        let path = format!("manifests/{}", reference.locator());
        let mut request = Request::new(Method::HEAD, self.url_in(reference, &path));
        request.headers = accept();
        let response = self.request(&call, &request).await?;
        if response.status == 200 {
            let digest = content_digest(&call, &response.headers)?;
            let size = response
                .header(header::CONTENT_LENGTH)
                .and_then(|text| text.parse::<u64>().ok());
            let kind = response
                .header(header::CONTENT_TYPE)
                .map(media_type::essence);
            if let (Some(pin), Some(digest)) = (&reference.digest, &digest)
                && pin.algorithm() == digest.algorithm()
                && pin != digest
            {
                return Err(Error::Integrity {
                    registry: reference.registry.to_string(),
                    operation: call.operation,
                    expected: Box::new(pin.clone()),
                    expected_bytes: None,
                    actual: digest.to_string(),
                    bytes: 0,
                });
            }
            let digest = reference.digest.clone().or(digest);
            if let (Some(digest), Some(size), Some(kind)) = (digest, size, kind) {
                return Ok(Descriptor::new(&kind, digest, size));
            }
        }
        // HEAD is optional in practice, and its error answers have no message.
        let document = self.manifest(reference).await?;
        let mut descriptor = document.descriptor();
        if let Some(pin) = &reference.digest {
            descriptor.digest = pin.clone();
        }
        Ok(descriptor)
    }
}
