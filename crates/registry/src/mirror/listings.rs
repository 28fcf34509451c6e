//! Lists tags and referrers of an upstream.

use std::sync::Arc;

use http::HeaderMap;
use lazaret_content::{Listing, Page};
use lazaret_mirror::Mirror;
use lazaret_oci::{Digest, Repository};

use super::headers::asked;
use super::refusals;
use crate::distribution::listings::{page, referrers_with, tags_with};
use crate::message::{Outcome, Query};

/// Answers `/v2/<name>/tags/list`.
pub(crate) async fn tags(
    mirror: &Arc<Mirror>,
    repository: &Repository,
    query: &Query,
    headers: &HeaderMap,
) -> Outcome {
    let page = page(query)?;
    let tags = mirror
        .tags(repository, &asked(headers, false))
        .await
        .map_err(|error| refusals::of_repository(&error))?;
    let listing = cut(tags, &page, |tag, last| tag.as_str() > last);
    Ok(tags_with(repository, &listing, &page))
}

/// Answers `/v2/<name>/referrers/<digest>`.
pub(crate) async fn referrers(
    mirror: &Arc<Mirror>,
    repository: &Repository,
    digest: &Digest,
    query: &Query,
    headers: &HeaderMap,
) -> Outcome {
    let page = page(query)?;
    let filter = query.get("artifactType");
    let mut found = mirror
        .referrers(repository, digest, &asked(headers, false))
        .await
        .map_err(|error| refusals::of_repository(&error))?;
    if let Some(wanted) = filter {
        found.retain(|entry| entry.artifact_type.as_deref() == Some(wanted));
    }
    let listing = cut(found, &page, |entry, last| {
        entry.digest.to_string().as_str() > last
    });
    referrers_with(repository, digest, &listing, &page, filter)
}

/// A page of entries in order.
fn cut<T>(mut items: Vec<T>, page: &Page, is_after: impl Fn(&T, &str) -> bool) -> Listing<T> {
    if let Some(last) = &page.last {
        items.retain(|item| is_after(item, last));
    }
    let limit = page.limit.unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    Listing { items, more }
}
