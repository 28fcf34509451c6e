//! Stores a manifest (distribution-spec 1.1, "Pushing manifests").
//!
//! The checks are, in this order: syntax, annotations, digest, the schema of its family, the rule of the
//! repository. Then it is stored in one step with its tags and its entry as a referrer, if the
//! repository has all its blobs.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use lazaret_content::{ManifestSelector, NewManifest};
use lazaret_oci::wire::{ErrorCode, ErrorEntry};
use lazaret_oci::{Digest, Manifest, ManifestContent, ManifestDocument, Repository, Tag};

use crate::manifest_room::ARRIVAL;
use crate::message::{Outcome, Query, Refusal, RequestBody, answer};
use crate::registry::Registry;
use crate::rules;
use crate::schemas::SchemaFault;
use crate::terms::Terms;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// Size of a manifest in bytes up to which it is parsed at once.
const QUICK: usize = 64 * 1024;
/// Most bytes of the names and values of the annotations of a manifest with a subject.
const MOST_ANNOTATIONS: usize = 256 * 1024;
/// Largest number of tags that one request may set.
const MOST_TAGS: usize = 100;

pub(crate) async fn put(
    registry: &Registry,
    repository: &Repository,
    selector: &ManifestSelector,
    query: &Query,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Outcome {
    let terms = registry.terms();
    let room = &registry.manifest_room;
    let announced = body.announced().map(usize::try_from).and_then(Result::ok);
    let size = announced.unwrap_or(usize::MAX).min(terms.manifest_bytes);
    let share = room.take(size).await?;
    let raw = match &share {
        None => body.read(terms.manifest_bytes).await?,
        Some(_) => tokio::time::timeout(ARRIVAL, body.read(terms.manifest_bytes))
            .await
            .map_err(|_| too_slow())??,
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let document = parse(&raw, content_type).await?;
    require_short_annotations(&document)?;
    let digest = match selector {
        ManifestSelector::Digest(expected) => verified(expected, &raw)?,
        ManifestSelector::Tag(_) => document.digest().clone(),
    };
    let tags = tags(selector, query)?;
    let config = match document.manifest() {
        Some(manifest) => check_schema(registry, &terms, repository, manifest).await?,
        None => None,
    };
    let rule = terms.rules.of(repository);
    if let Some(rule) = rule {
        rules::check(
            &registry.stores,
            rule,
            repository,
            &document,
            config.as_deref(),
            &tags,
        )
        .await?;
    }
    let subject = document.subject().map(|subject| subject.digest.clone());
    let manifest = NewManifest {
        needs_manifests: rule.is_some_and(|rule| rule.needs_manifests),
        tags_are_immutable: rule.is_some_and(|rule| rule.is_immutable(&tags)),
        tags: tags.clone(),
        quota: rule.and_then(|rule| rule.quota),
        ..NewManifest::of(&document, digest.clone(), raw)
    };
    let may_lack_layers = rule.is_some_and(|rule| rule.may_lack_layers);
    let stored = store(registry, repository, manifest, may_lack_layers);
    room.in_turn(size, stored).await?;
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

/// Parses a manifest, in a thread of its own when that takes longer than other requests should wait.
async fn parse(raw: &Bytes, content_type: Option<&str>) -> Result<ManifestDocument, Refusal> {
    let invalid =
        |error: lazaret_oci::Error| Refusal::new(ErrorCode::ManifestInvalid, error.to_string());
    if raw.len() <= QUICK {
        return ManifestDocument::parse(raw.to_vec(), content_type).map_err(invalid);
    }
    let (raw, content_type) = (raw.clone(), content_type.map(str::to_owned));
    let parse = move || ManifestDocument::parse(raw.to_vec(), content_type.as_deref());
    tokio::task::spawn_blocking(parse)
        .await
        .map_err(|_| Refusal::internal("the check of the manifest failed"))?
        .map_err(invalid)
}

fn too_slow() -> Refusal {
    let seconds = ARRIVAL.as_secs();
    let message = format!("a manifest of this size has to arrive within {seconds} seconds");
    Refusal::new(ErrorCode::SizeInvalid, message).status(StatusCode::REQUEST_TIMEOUT)
}

/// Stores a manifest. If layers may be missing, it is stored without references to the missing
/// ones.
async fn store(
    registry: &Registry,
    repository: &Repository,
    mut manifest: NewManifest,
    may_lack_layers: bool,
) -> Result<(), Refusal> {
    let outcome = registry
        .stores
        .metadata
        .put_manifest(repository, manifest.clone())
        .await;
    match outcome {
        Err(lazaret_content::Error::Missing { digests })
            if may_lack_layers && manifest.blobs.first().is_some_and(|c| !digests.contains(c)) =>
        {
            manifest.blobs.retain(|blob| !digests.contains(blob));
            registry
                .stores
                .metadata
                .put_manifest(repository, manifest)
                .await?;
        }
        outcome => outcome?,
    }
    Ok(())
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

/// Refuses a referrer with large annotations: every list of its subject's referrers repeats them.
fn require_short_annotations(document: &ManifestDocument) -> Result<(), Refusal> {
    if document.subject().is_none() {
        return Ok(());
    }
    let annotations = match document.content() {
        ManifestContent::Manifest(manifest) => &manifest.annotations,
        ManifestContent::Index(index) => &index.annotations,
    };
    let bytes: usize = annotations
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if bytes <= MOST_ANNOTATIONS {
        return Ok(());
    }
    let message = format!(
        "annotations of a manifest with a subject have at most {MOST_ANNOTATIONS} bytes, and these {bytes}"
    );
    Err(Refusal::new(ErrorCode::ManifestInvalid, message))
}

/// The tag of the path, or the tags of the query if the path has a digest.
fn tags(selector: &ManifestSelector, query: &Query) -> Result<Vec<Tag>, Refusal> {
    match selector {
        ManifestSelector::Tag(tag) => Ok(vec![tag.clone()]),
        ManifestSelector::Digest(_) if query.all("tag").nth(MOST_TAGS).is_some() => {
            let message = format!("more than {MOST_TAGS} tags at once");
            Err(Refusal::new(ErrorCode::ManifestInvalid, message).status(StatusCode::URI_TOO_LONG))
        }
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

/// The configuration of a known family must follow its schema; one entry for each fault. A
/// configuration that is not here is reported with everything else that is missing.
async fn check_schema(
    registry: &Registry,
    terms: &Terms,
    repository: &Repository,
    manifest: &Manifest,
) -> Result<Option<Bytes>, Refusal> {
    let Some(limit) = terms.schemas.applies(manifest) else {
        return Ok(None);
    };
    let stored = registry
        .stores
        .metadata
        .blob(repository, &manifest.config.digest)
        .await?;
    if let Some(stored) = stored.filter(|stored| stored.size > limit) {
        let error = lazaret_content::Error::TooLarge {
            size: stored.size,
            limit,
        };
        return Err(Refusal::new(ErrorCode::ManifestInvalid, error.to_string()));
    }
    let digest = &manifest.config.digest;
    let Some(config) = registry
        .stores
        .small_blob(repository, digest, limit)
        .await?
    else {
        return Ok(None);
    };
    // Checking a large configuration would delay other requests on this thread.
    let (schemas, manifest, checked) =
        (Arc::clone(&terms.schemas), manifest.clone(), config.clone());
    let faults = tokio::task::spawn_blocking(move || schemas.check(&manifest, &checked))
        .await
        .map_err(|_| Refusal::internal("the check of the configuration failed"))?;
    if faults.is_empty() {
        return Ok(Some(config));
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
