//! `PUT /v2/<name>/manifests/<reference>`.

use http::{Method, header};
use lazaret_oci::{Algorithm, Digest, ManifestDocument, Reference};

use crate::auth::Scopes;
use crate::call::{Call, Request, content_digest};
use crate::{Client, Error};

/// A manifest that the registry accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedManifest {
    /// Digest of the manifest.
    pub digest: Digest,
    /// The tags that the registry says it has set by the way.
    pub tags: Vec<String>,
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
        self.push_tagged(reference, None, document).await
    }

    async fn push_tagged(
        &self,
        reference: &Reference,
        tag: Option<&str>,
        document: &ManifestDocument,
    ) -> Result<PushedManifest, Error> {
        let pushed = self.put_manifest(reference, tag, document).await?;
        if let (Some(subject), Some(false)) = (document.subject(), pushed.lists_subject) {
            self.record_referrer(reference, subject, document).await?;
        }
        Ok(pushed)
    }

    /// Pushes a manifest under the tag of `reference`, and under `digest`, by which it is known. A
    /// registry makes a SHA-256 of what is pushed under a tag, so that a digest of another algorithm
    /// has to come with it (distribution-spec, "Pushing Manifests", `?tag=`).
    ///
    /// # Errors
    /// Those of [`Client::push_manifest`].
    pub async fn push_known(
        &self,
        reference: &Reference,
        digest: &Digest,
        document: &ManifestDocument,
    ) -> Result<PushedManifest, Error> {
        if reference.digest.is_some() || digest.algorithm() == Algorithm::Sha256 {
            return self.push_manifest(reference, document).await;
        }
        let tag = reference.locator();
        let pinned = reference.pinned(digest.clone());
        let pushed = self.push_tagged(&pinned, Some(&tag), document).await?;
        if pushed.tags.contains(&tag) {
            return Ok(pushed);
        }
        self.push_manifest(reference, document).await
    }

    /// Puts a manifest; with a `tag` beside the digest of `reference`, the registry is asked to set
    /// it, too.
    pub(crate) async fn put_manifest(
        &self,
        reference: &Reference,
        tag: Option<&str>,
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
        let mut path = format!("manifests/{}", reference.locator());
        if let Some(tag) = tag {
            path += &format!("?tag={tag}");
        }
        let mut request = Request::new(Method::PUT, self.url_in(reference, &path))
            .with(header::CONTENT_TYPE, document.media_type());
        request.body = document.raw().to_vec().into();
        let response = self.expect(&call, &request, &[200, 201, 202]).await?;
        if let Some(stated) = content_digest(&call, &response.headers)?
            && stated != Digest::with(stated.algorithm(), document.raw())
        {
            return Err(mismatch(&digest, &stated));
        }
        let tags = response.headers.get_all("oci-tag").iter();
        let tags = tags.filter_map(|value| value.to_str().ok());
        let tags = tags
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().to_owned());
        Ok(PushedManifest {
            digest,
            tags: tags.collect(),
            lists_subject: document
                .subject()
                .map(|_| response.headers.contains_key("oci-subject")),
        })
    }
}
