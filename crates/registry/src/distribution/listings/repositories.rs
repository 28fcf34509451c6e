//! Answers `/v2/_catalog`, in the form of `distribution/distribution`.

use http::StatusCode;
use lazaret_content::{Listing, Page};
use lazaret_oci::Repository;

use super::page::{page, with_next};
use crate::caller::Caller;
use crate::message::{Outcome, Query, Refusal, answer};
use crate::registry::Registry;

pub(crate) async fn repositories(registry: &Registry, caller: &Caller, query: &Query) -> Outcome {
    let page = page(query)?;
    let listing = visible(registry, caller, page.clone()).await?;
    let body = serde_json::json!({ "repositories": listing.items });
    let last = listing
        .items
        .last()
        .filter(|_| listing.more)
        .map(|name| name.as_str());
    Ok(with_next(
        answer::json(StatusCode::OK, &body),
        "/v2/_catalog",
        &page,
        last,
    ))
}

/// Fewest names to ask for at a time, so that hidden names between those of a small page do not cost a
/// question for each.
const AT_ONCE: usize = 1000;

/// A page of the repositories that the caller may see. Other names take no room in a page and never
/// end one, so that a page reveals nothing about them.
async fn visible(
    registry: &Registry,
    caller: &Caller,
    mut page: Page,
) -> Result<Listing<Repository>, Refusal> {
    let limit = page.limit.unwrap_or(usize::MAX);
    // One more than is shown, to know whether there is another page.
    page.limit = page.limit.map(|limit| limit.saturating_add(1).max(AT_ONCE));
    let mut found = Listing {
        items: Vec::new(),
        more: false,
    };
    loop {
        let listing = registry.stores.metadata.repositories(page.clone()).await?;
        page.last = listing.items.last().map(ToString::to_string);
        for name in listing.items {
            if !caller.sees(&name) {
                continue;
            }
            if found.items.len() == limit {
                found.more = true;
                return Ok(found);
            }
            found.items.push(name);
        }
        if !listing.more {
            return Ok(found);
        }
    }
}
