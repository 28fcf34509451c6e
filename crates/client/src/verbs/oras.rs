//! Referrers as registries listed them before the referrers API of OCI.
//!
//! ```text
//! GET /v2/<name>/_oras/artifacts/referrers?digest=<digest>      {"referrers": [...]}
//! GET /oras/artifacts/v1/<name>/manifests/<digest>/referrers    {"references": [...]}, older
//! ```
//! Source: ORAS artifacts-spec, release candidate 1 and draft 1; artifact manifests of both.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue, Uri, header};
use lazaret_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Reference};
use serde::Deserialize;

use super::manifest::verify;
use super::pages::{MOST_DESCRIPTORS, Pages};
use crate::call::{Call, Request};
use crate::{Client, Error, hub};

/// Media types of artifact manifests: that of ORAS, and what OCI made of it for a while.
const MANIFESTS: &str = "application/vnd.cncf.oras.artifact.manifest.v1+json, \
                         application/vnd.oci.artifact.manifest.v1+json";

/// A page of either form.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    referrers: Option<Vec<Descriptor>>,
    #[serde(default)]
    references: Option<Vec<Descriptor>>,
}

/// The part of an artifact manifest that leads on.
#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    blobs: Option<Vec<Descriptor>>,
}

impl Client {
    /// The referrers of `subject` of one artifact type that a registry lists by the API of ORAS. Not
    /// asked by [`Client::referrers`].
    ///
    /// # Errors
    /// Any but [`Error::NotFound`]: of a registry without this API, the list is empty.
    pub async fn oras_referrers(
        &self,
        reference: &Reference,
        subject: &Digest,
        artifact_type: &str,
    ) -> Result<Vec<Descriptor>, Error> {
        let call = Call::on(
            reference,
            format!("list referrers of {}@{subject} by ORAS", reference.base()),
        );
        let filter = format!("artifactType={}", encoded(artifact_type));
        let name = hub::api_name(&reference.registry, &reference.repository);
        let firsts = [
            format!("/v2/{name}/_oras/artifacts/referrers?digest={subject}&{filter}"),
            format!("/oras/artifacts/v1/{name}/manifests/{subject}/referrers?{filter}"),
        ];
        for first in firsts {
            let first = self.url(&reference.registry, &first);
            if let Some(mut found) = self.oras_pages(&call, first).await? {
                // Filtering by the server is optional, so it is repeated here.
                found.retain(|entry| entry.artifact_type.as_deref() == Some(artifact_type));
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// All pages of a list; `None` when the registry has no such list.
    async fn oras_pages(
        &self,
        call: &Call<'_>,
        first: Uri,
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let mut pages = Pages::new(self, call, first, MOST_DESCRIPTORS);
        let mut found: Vec<Descriptor> = Vec::new();
        loop {
            let page = match pages.next(MAX_MANIFEST_BYTES, HeaderMap::new()).await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(Some(found)),
                Err(Error::NotFound { .. } | Error::Invalid { .. }) if pages.is_first() => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let page: Page = serde_json::from_slice(&page)
                .map_err(|_| call.protocol("gave a list of referrers that is none of ORAS"))?;
            let entries = page.referrers.or(page.references).unwrap_or_default();
            pages.count(entries.len())?;
            found.extend(entries);
        }
    }

    /// The content that an artifact manifest of ORAS names in `blobs`. `reference` has its digest, with
    /// which its bytes are verified.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Integrity`], and [`Error::Protocol`] for what is no such manifest
    /// or has more than [`MAX_MANIFEST_BYTES`].
    pub async fn oras_blobs(&self, reference: &Reference) -> Result<Vec<Descriptor>, Error> {
        let call = Call::on(reference, format!("read ORAS manifest {reference}"));
        let path = format!("manifests/{}", reference.locator());
        let mut request = Request::get(self.url_in(reference, &path));
        let accepted = HeaderValue::from_static(MANIFESTS);
        request.headers.insert(header::ACCEPT, accepted);
        let (_, raw) = self.fetch(&call, &request, MAX_MANIFEST_BYTES).await?;
        if let Some(expected) = &reference.digest {
            verify(&call, expected, &raw)?;
        }
        let artifact: Artifact = serde_json::from_slice(&raw)
            .map_err(|_| call.protocol("gave an artifact manifest that is none of ORAS"))?;
        Ok(artifact.blobs.unwrap_or_default())
    }
}

/// A value in a query: what RFC 3986 leaves free stays, and slashes.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' => encoded.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            byte => write!(encoded, "%{byte:02X}").expect("a String takes all text"),
        }
    }
    encoded
}
