//! Storing a manifest (distribution-spec 1.1, "Pushing manifests").
//!
//! In order: parse, digest, the blobs it needs, the schema of its family. Only then is it
//! stored, with its tags and its entry as a referrer in one step.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use hyper::body::Incoming;
use lazaret_oci::wire::{ErrorCode, ErrorEntry};
use lazaret_oci::{
    Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, ManifestContent, ManifestDocument,
    Repository, Tag,
};
use lazaret_store::{ManifestSelector, NewManifest, Referrer};

use crate::answer::{self, Outcome, Refusal};
use crate::body;
use crate::query::Query;
use crate::registry::Registry;
use crate::schemas::SchemaFault;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

pub(crate) async fn put(
    registry: &Registry,
    repository: &Repository,
    selector: &ManifestSelector,
    query: &Query,
    headers: &HeaderMap,
    content: &mut Incoming,
) -> Outcome {
    let raw = body::read(content, MAX_MANIFEST_BYTES).await?;
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let document = ManifestDocument::parse(raw.to_vec(), content_type)
        .map_err(|error| Refusal::new(ErrorCode::ManifestInvalid, error.to_string()))?;
    let digest = match selector {
        ManifestSelector::Digest(expected) => verified(expected, &raw)?,
        ManifestSelector::Tag(_) => document.digest().clone(),
    };
    if let ManifestContent::Manifest(manifest) = document.content() {
        require_blobs(registry, repository, manifest).await?;
        check_schema(registry, manifest).await?;
    }
    let tags = tags(selector, query)?;
    let subject = document.subject().map(|subject| subject.digest.clone());
    registry
        .metadata
        .put_manifest(
            repository,
            NewManifest {
                digest: digest.clone(),
                media_type: document.media_type().to_owned(),
                referrer: subject.clone().map(|subject| Referrer {
                    subject,
                    descriptor: referrer(&document, digest.clone(), &raw),
                }),
                bytes: raw,
                tags: tags.clone(),
            },
        )
        .await?;
    let location = format!("/v2/{repository}/manifests/{digest}");
    let mut response = answer::with(
        answer::empty(StatusCode::CREATED),
        header::LOCATION,
        &location,
    );
    response = answer::with_digest(response, &digest);
    if let Some(subject) = subject {
        response = answer::with(response, SUBJECT, &subject.to_string());
    }
    if matches!(selector, ManifestSelector::Digest(_)) {
        for tag in tags {
            if let Ok(value) = tag.as_str().parse() {
                response.headers_mut().append(TAG, value);
            }
        }
    }
    Ok(response)
}

fn verified(expected: &Digest, raw: &Bytes) -> Result<Digest, Refusal> {
    let actual = Digest::with(expected.algorithm(), raw);
    if actual == *expected {
        return Ok(actual);
    }
    Err(Refusal::new(
        ErrorCode::DigestInvalid,
        format!("the manifest has digest {actual}, not {expected}"),
    ))
}

/// The tag of the path, or those of the query beside a digest.
fn tags(selector: &ManifestSelector, query: &Query) -> Result<Vec<Tag>, Refusal> {
    match selector {
        ManifestSelector::Tag(tag) => Ok(vec![tag.clone()]),
        ManifestSelector::Digest(_) => query
            .all("tag")
            .map(|tag| {
                tag.parse().map_err(|error: lazaret_oci::Error| {
                    Refusal::new(ErrorCode::ManifestInvalid, error.to_string())
                })
            })
            .collect(),
    }
}

/// Every blob must be in the repository, whatever the media types are; one entry for each that
/// is not. Layers that declare to be fetched elsewhere need not be here.
async fn require_blobs(
    registry: &Registry,
    repository: &Repository,
    manifest: &Manifest,
) -> Result<(), Refusal> {
    let mut missing = Vec::new();
    for blob in manifest.blobs() {
        let foreign = blob.media_type.contains("nondistributable")
            || blob.media_type.contains("rootfs.foreign");
        if !foreign && !registry.metadata.has_blob(repository, &blob.digest).await? {
            missing.push(ErrorEntry {
                code: ErrorCode::ManifestBlobUnknown.as_str().to_owned(),
                message: format!("blob {} is not in the repository", blob.digest),
                detail: serde_json::json!({ "digest": blob.digest }),
            });
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::many(StatusCode::NOT_FOUND, missing))
}

/// The configuration of a known family must follow its schema; one entry for each fault.
async fn check_schema(registry: &Registry, manifest: &Manifest) -> Result<(), Refusal> {
    let Some(limit) = registry.schemas.applies(manifest) else {
        return Ok(());
    };
    let digest = &manifest.config.digest;
    let blob = registry
        .blobs
        .open(digest, None)
        .await?
        .ok_or_else(|| Refusal::unknown_blob(digest))?;
    let config = match blob.read(limit).await {
        Err(error @ lazaret_store::Error::TooLarge { .. }) => {
            return Err(Refusal::new(ErrorCode::ManifestInvalid, error.to_string()));
        }
        outcome => outcome?,
    };
    // A large configuration takes long enough to be in everyone's way.
    let (schemas, manifest) = (Arc::clone(&registry.schemas), manifest.clone());
    let faults = tokio::task::spawn_blocking(move || schemas.check(&manifest, &config))
        .await
        .map_err(|_| Refusal::internal("the check of the configuration failed"))?;
    if faults.is_empty() {
        return Ok(());
    }
    Err(Refusal::many(
        StatusCode::BAD_REQUEST,
        faults.into_iter().map(entry).collect(),
    ))
}

fn entry(fault: SchemaFault) -> ErrorEntry {
    let SchemaFault {
        family,
        pointer,
        keyword,
        message,
    } = fault;
    ErrorEntry {
        code: ErrorCode::ManifestInvalid.as_str().to_owned(),
        message: if pointer.is_empty() {
            message
        } else {
            format!("{pointer}: {message}")
        },
        detail: serde_json::json!({ "family": family, "pointer": pointer, "keyword": keyword }),
    }
}

/// The entry in the listing of the subject's referrers.
fn referrer(document: &ManifestDocument, digest: Digest, raw: &Bytes) -> Descriptor {
    let mut descriptor = Descriptor::new(document.media_type(), digest, raw.len() as u64);
    (descriptor.artifact_type, descriptor.annotations) = match document.content() {
        ManifestContent::Manifest(manifest) => (
            Some(manifest.effective_artifact_type().to_owned()),
            manifest.annotations.clone(),
        ),
        ManifestContent::Index(index) => (index.artifact_type.clone(), index.annotations.clone()),
    };
    descriptor
}
