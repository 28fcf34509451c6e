//! Pages of sorted listings.

use crate::{Listing, Page};

/// Cuts a page out of entries in any order.
pub(super) fn page<T>(mut entries: Vec<T>, page: &Page, text: impl Fn(&T) -> &str) -> Listing<T> {
    if let Some(last) = &page.last {
        entries.retain(|entry| text(entry) > last.as_str());
    }
    entries.sort_unstable_by(|a, b| text(a).cmp(text(b)));
    let more = page.limit.is_some_and(|limit| entries.len() > limit);
    if let Some(limit) = page.limit {
        entries.truncate(limit);
    }
    Listing {
        items: entries,
        more,
    }
}
