//! `GET /v2/<name>/manifests/<reference>`, verified.

use http::header;
use lazaret_oci::{
    Digest, Index, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument, Platform, Reference,
};

use super::accept::accept;
use crate::call::{Call, Request, content_digest};
use crate::{Client, Error};

/// Deepest nesting of indexes that is followed.
const DEEPEST: usize = 4;

impl Client {
    /// Reads the manifest or index of a reference. Its bytes are verified with the
    /// digest of the reference, or else with the digest that the registry states.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Integrity`], [`Error::Document`], and [`Error::Protocol`]
    /// for more than [`MAX_MANIFEST_BYTES`].
    pub async fn manifest(&self, reference: &Reference) -> Result<ManifestDocument, Error> {
        let call = Call::on(reference, format!("read manifest {reference}"));
        let path = format!("manifests/{}", reference.locator());
        let mut request = Request::get(self.url_in(reference, &path));
        request.headers = accept();
        let (head, raw) = self.fetch(&call, &request, MAX_MANIFEST_BYTES).await?;
        let stated = content_digest(&call, &head.headers)?;
        if let Some(expected) = reference.digest.as_ref().or(stated.as_ref()) {
            verify(&call, expected, &raw)?;
        }
        let content_type = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        ManifestDocument::parse(raw, content_type).map_err(|source| Error::Document {
            registry: reference.registry.to_string(),
            operation: call.operation,
            source,
        })
    }

    /// Reads the manifest of a reference, and follows indexes to the manifest for `platform`.
    ///
    /// # Errors
    /// As [`Client::manifest`], and [`Error::Platform`] with the platforms on offer.
    pub async fn image_manifest(
        &self,
        reference: &Reference,
        platform: &Platform,
    ) -> Result<ManifestDocument, Error> {
        let mut document = self.manifest(reference).await?;
        for _ in 0..DEEPEST {
            let ManifestContent::Index(index) = document.content() else {
                return Ok(document);
            };
            let next = self.choose(reference, index, platform)?;
            document = self.manifest(&reference.pinned(next)).await?;
        }
        match document.manifest() {
            Some(_) => Ok(document),
            None => Err(Call::on(reference, format!("read manifest {reference}"))
                .protocol(format!("nests indexes more than {DEEPEST} deep"))),
        }
    }

    fn choose(
        &self,
        reference: &Reference,
        index: &Index,
        platform: &Platform,
    ) -> Result<Digest, Error> {
        let nested = |index: &Index| {
            // In an index without platforms, look for nested indexes.
            let mut entries = index.manifests.iter();
            entries
                .find(|entry| {
                    entry.platform.is_none() && lazaret_oci::media_type::is_index(&entry.media_type)
                })
                .map(|entry| entry.digest.clone())
        };
        index
            .select(platform)
            .map(|entry| entry.digest.clone())
            .or_else(|| nested(index))
            .ok_or_else(|| Error::Platform {
                reference: reference.to_string(),
                wanted: platform.to_string(),
                available: index.platforms(),
            })
    }
}

/// Checks bytes against a digest.
pub(super) fn verify(call: &Call<'_>, expected: &Digest, raw: &[u8]) -> Result<(), Error> {
    let actual = Digest::with(expected.algorithm(), raw);
    if actual == *expected {
        return Ok(());
    }
    Err(Error::Integrity {
        registry: call.registry.to_string(),
        operation: call.operation.clone(),
        expected: Box::new(expected.clone()),
        expected_bytes: None,
        actual: actual.to_string(),
        bytes: raw.len() as u64,
    })
}
