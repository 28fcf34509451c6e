//! Answers `/v2/<name>/tags/list`.

use http::{Response, StatusCode};
use lazaret_content::{Listing, Page};
use lazaret_oci::{Repository, Tag};

use super::page::{page, with_next};
use crate::message::{Body, Outcome, Query, Refusal, answer};
use crate::registry::Registry;

pub(crate) async fn tags(registry: &Registry, repository: &Repository, query: &Query) -> Outcome {
    let page = page(query)?;
    let listing = registry
        .stores
        .metadata
        .tags(repository, page.clone())
        .await?
        .ok_or_else(Refusal::unknown_repository)?;
    Ok(tags_with(repository, &listing, &page))
}

/// The answer with one page of tags.
pub(crate) fn tags_with(
    repository: &Repository,
    listing: &Listing<Tag>,
    page: &Page,
) -> Response<Body> {
    let body = serde_json::json!({ "name": repository, "tags": listing.items });
    let last = listing
        .items
        .last()
        .filter(|_| listing.more)
        .map(|tag| tag.as_str());
    let path = format!("/v2/{repository}/tags/list");
    with_next(answer::json(StatusCode::OK, &body), &path, page, last)
}
