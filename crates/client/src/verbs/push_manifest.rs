//! `PUT /v2/<name>/manifests/<reference>`.

use http::{Method, header};
use lazaret_oci::{Digest, ManifestDocument, Reference};

use crate::auth::Scopes;
use crate::call::{Call, Request, content_digest};
use crate::{Client, Error};

/// A manifest that the registry accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedManifest {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Whether the registry itself lists it among the referrers of its subject; `None` when
    /// it has no subject.
    pub lists_subject: Option<bool>,
}

impl Client {
    /// Pushes a manifest under the tag or digest of `reference`. When it has a subject and the
    /// registry has no referrers API, the fallback tag is updated.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault that the registry found; [`Error::Integrity`] when the
    /// registry states another digest than that of the bytes sent, or `reference` is pinned to
    /// another one.
    pub async fn push_manifest(
        &self,
        reference: &Reference,
        document: &ManifestDocument,
    ) -> Result<PushedManifest, Error> {
        let pushed = self.put_manifest(reference, document).await?;
        if let (Some(subject), Some(false)) = (document.subject(), pushed.lists_subject) {
            self.record_referrer(reference, subject, document).await?;
        }
        Ok(pushed)
    }

    pub(crate) async fn put_manifest(
        &self,
        reference: &Reference,
        document: &ManifestDocument,
    ) -> Result<PushedManifest, Error> {
        let mut call = Call::on(reference, format!("push manifest {reference}"));
        if let Some(repository) = &call.repository {
            call.scopes = Scopes::push(repository);
        }
        let pin = reference.digest.as_ref();
        let digest = match pin {
            Some(pin) => Digest::with(pin.algorithm(), document.raw()),
            None => document.digest().clone(),
        };
        let mismatch = |expected: &Digest, actual: &Digest| Error::Integrity {
            registry: reference.registry.to_string(),
            operation: call.operation.clone(),
            expected: Box::new(expected.clone()),
            expected_bytes: Some(document.raw().len() as u64),
            actual: actual.to_string(),
            bytes: document.raw().len() as u64,
        };
        if let Some(pin) = pin.filter(|pin| **pin != digest) {
            return Err(mismatch(pin, &digest));
        }
        let path = format!("manifests/{}", reference.locator());
        let mut request = Request::new(Method::PUT, self.url_in(reference, &path))
            .with(header::CONTENT_TYPE, document.media_type());
        request.body = document.raw().to_vec().into();
        let response = self.expect(&call, &request, &[200, 201, 202]).await?;
        if let Some(stated) = content_digest(&call, &response.headers)?
            && stated != Digest::with(stated.algorithm(), document.raw())
        {
            return Err(mismatch(&digest, &stated));
        }
        Ok(PushedManifest {
            digest,
            lists_subject: document
                .subject()
                .map(|_| response.headers.contains_key("oci-subject")),
        })
    }
}
