//! `HEAD /v2/<name>/manifests/<tag>`: whether a tag still names a known manifest.

use http::Method;
use lazaret_oci::{Descriptor, Digest, ManifestDocument, Reference};

use super::accept::accept;
use super::stated::Stated;
use crate::call::{Call, Request};
use crate::{Client, Error};

/// The outcome of a revalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revalidation {
    /// The tag names the known manifest.
    Unchanged,
    /// The tag names this manifest, or no manifest was known.
    Changed(Descriptor),
}

impl Client {
    /// Asks whether a tag still names the manifest `known`, with one `HEAD`.
    ///
    /// The digest is what the registry states; it is verified when the manifest is read by it.
    /// A `GET` follows only where `HEAD` cannot tell: the registry does not know it (405, 501), or
    /// states no digest, or a new digest without size or type.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tag does not exist; after a `GET`, those of
    /// [`Client::manifest`].
    pub async fn manifest_if_changed(
        &self,
        reference: &Reference,
        known: Option<&Digest>,
    ) -> Result<Revalidation, Error> {
        let call = Call::on(reference, format!("revalidate {reference}"));
        let path = format!("manifests/{}", reference.locator());
        let mut request = Request::new(Method::HEAD, self.url_in(reference, &path));
        request.headers = accept();
        let response = self.request(&call, &request).await?;
        match response.status.as_u16() {
            200 => {
                let mut stated = Stated::of(&call, &response)?;
                if let Some(digest) = stated.digest.take() {
                    if known == Some(&digest) {
                        return Ok(Revalidation::Unchanged);
                    }
                    if let Some(descriptor) = stated.descriptor(digest) {
                        return Ok(Revalidation::Changed(descriptor));
                    }
                }
            }
            405 | 501 => {}
            _ => return Err(self.refused(&call, response).await),
        }
        let document = self.manifest(reference).await?;
        Ok(match known {
            Some(known) if is(&document, known) => Revalidation::Unchanged,
            _ => Revalidation::Changed(document.descriptor()),
        })
    }
}

/// Whether a manifest has this digest, by whatever algorithm.
fn is(document: &ManifestDocument, known: &Digest) -> bool {
    Digest::with(known.algorithm(), document.raw()) == *known
}
