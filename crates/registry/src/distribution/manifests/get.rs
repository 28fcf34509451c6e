//! Reads a manifest (distribution-spec 1.1, "Pulling manifests").

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use lazaret_content::{ManifestSelector, StoredManifest};
use lazaret_oci::{Repository, media_type};

use crate::act::Reference;
use crate::message::answer::Body;
use crate::message::{Outcome, Refusal, answer};
use crate::registry::Registry;

/// Answers `GET` and `HEAD`. The bytes are those that were pushed, regardless of `Accept`: another
/// form would have another digest.
pub(crate) async fn get(
    registry: &Registry,
    repository: &Repository,
    selector: &ManifestSelector,
    headers: &HeaderMap,
    head_only: bool,
) -> Outcome {
    let manifest = registry
        .stores
        .metadata
        .manifest(repository, selector)
        .await?
        .ok_or_else(|| Refusal::unknown_manifest(Reference::from(selector)))?;
    Ok(answer_with(manifest, headers, head_only))
}

/// The answer to `GET` or `HEAD` of a manifest that is there.
pub(crate) fn answer_with(
    manifest: StoredManifest,
    headers: &HeaderMap,
    head_only: bool,
) -> Response<Body> {
    if answer::is_known(headers, &manifest.digest) {
        let response = answer::empty(StatusCode::NOT_MODIFIED);
        return answer::with_digest(response, &manifest.digest);
    }
    let length = HeaderValue::from(manifest.bytes.len());
    let mut response = if head_only {
        answer::empty(StatusCode::OK)
    } else {
        answer::bytes(StatusCode::OK, manifest.bytes)
    };
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    // Earlier versions stored whatever type the client had sent.
    let media_type = match &manifest.media_type[..] {
        known if media_type::is_manifest(known) => known,
        _ => "application/octet-stream",
    };
    response = answer::with(response, header::CONTENT_TYPE, media_type);
    answer::with_digest(response, &manifest.digest)
}
