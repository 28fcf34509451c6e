//! Answers `/v2/<name>/referrers/<digest>` (distribution-spec 1.1, "Listing Referrers").

use http::{HeaderName, StatusCode, header};
use lazaret_content::{Listing, Page};
use lazaret_oci::{Descriptor, Digest, Repository, media_type};
use serde::Serialize;

use super::page::{page, with_next};
use crate::message::query::{Query, encode};
use crate::message::{Outcome, Refusal, answer};
use crate::registry::Registry;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// The answer, which is written without a copy of its descriptors: a page of them has megabytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: &'a [Descriptor],
}

/// An index of the referrers. It is empty when there are none, because the subject need not exist.
pub(crate) async fn referrers(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    query: &Query,
) -> Outcome {
    let page = page(query)?;
    let filter = query.get("artifactType");
    let listing = registry
        .stores
        .metadata
        .referrers(repository, digest, filter, page.clone())
        .await?;
    referrers_with(repository, digest, &listing, &page, filter)
}

/// The answer with one page of referrers, of one artifact type if `filter` says so.
///
/// # Errors
/// None that a client can cause.
pub(crate) fn referrers_with(
    repository: &Repository,
    digest: &Digest,
    listing: &Listing<Descriptor>,
    page: &Page,
    filter: Option<&str>,
) -> Outcome {
    let last = listing
        .items
        .last()
        .filter(|_| listing.more)
        .map(|entry| entry.digest.to_string());
    let index = Index {
        schema_version: 2,
        media_type: media_type::INDEX,
        manifests: &listing.items,
    };
    let text = serde_json::to_vec(&index)
        .map_err(|_| Refusal::internal("the list of referrers cannot be written"))?;
    let mut response = answer::json_bytes(StatusCode::OK, text);
    response = answer::with(response, header::CONTENT_TYPE, media_type::INDEX);
    let mut path = format!("/v2/{repository}/referrers/{digest}");
    if let Some(artifact_type) = filter {
        response = answer::with(response, FILTERS_APPLIED, "artifactType");
        path = format!("{path}?artifactType={}", encode(artifact_type));
    }
    Ok(with_next(response, &path, page, last.as_deref()))
}
