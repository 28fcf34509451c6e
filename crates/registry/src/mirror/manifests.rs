//! Reads a manifest of an upstream.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use lazaret_content::ManifestSelector;
use lazaret_mirror::{Mirror, Served};
use lazaret_oci::Repository;

use super::headers::asked;
use super::refusals;
use crate::distribution::manifests::answer_with;
use crate::message::Outcome;

/// Answers `GET` and `HEAD`.
pub(crate) async fn get(
    mirror: &Arc<Mirror>,
    repository: &Repository,
    selector: &ManifestSelector,
    headers: &HeaderMap,
    head_only: bool,
) -> Outcome {
    let found = mirror
        .manifest(repository, selector, &asked(headers, head_only))
        .await
        .map_err(|error| refusals::of_manifest(&error, selector))?;
    let mut response = answer_with(found.manifest, headers, head_only);
    if found.served == Served::Stale {
        let value = HeaderValue::from_static("110 - \"Response is Stale\"");
        response.headers_mut().insert(header::WARNING, value);
    }
    Ok(response)
}
