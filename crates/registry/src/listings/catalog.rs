//! `/v2/_catalog`, as distribution has it.

use http::StatusCode;

use super::{page, with_next};
use crate::answer::{self, Outcome};
use crate::query::Query;
use crate::registry::Registry;

pub(crate) async fn catalog(registry: &Registry, query: &Query) -> Outcome {
    let page = page(query)?;
    let listing = registry.metadata.repositories(page.clone()).await?;
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
