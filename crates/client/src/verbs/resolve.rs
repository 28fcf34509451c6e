//! `HEAD /v2/<name>/manifests/<reference>`: resolves a tag to a digest.

use http::Method;
use lazaret_oci::{Descriptor, Reference};

use super::accept::accept;
use super::stated::Stated;
use crate::call::{Call, Request};
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
            let mut stated = Stated::of(&call, &response)?;
            let digest = stated.digest.take();
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
            if let Some(found) = digest.and_then(|digest| stated.descriptor(digest)) {
                return Ok(found);
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
