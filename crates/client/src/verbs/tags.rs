//! `GET /v2/<name>/tags/list`.

use http::HeaderMap;
use lazaret_oci::{Reference, Tag};
use serde::Deserialize;

use super::pages::{LARGEST_PAGE, MOST_NAMES, Pages};
use crate::call::Call;
use crate::{Client, Error};

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of the repository of `reference`, in the registry's order.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Protocol`] for listings whose links leave the registry, form a
    /// cycle or do not end.
    pub async fn tags(&self, reference: &Reference) -> Result<Vec<Tag>, Error> {
        let call = Call::on(reference, format!("list tags of {}", reference.base()));
        let first = self.url_in(reference, "tags/list?n=1000");
        let mut pages = Pages::new(self, &call, first, MOST_NAMES);
        let mut found = Vec::new();
        while let Some(raw) = pages.next(LARGEST_PAGE, HeaderMap::new()).await? {
            let page: Page = serde_json::from_slice(&raw)
                .map_err(|_| call.protocol("gave a list of tags that is not the expected JSON"))?;
            let tags = page.tags.unwrap_or_default();
            pages.count(tags.len())?;
            for tag in tags {
                found.push(tag.parse().map_err(|source| Error::Document {
                    registry: reference.registry.to_string(),
                    operation: call.operation.clone(),
                    source,
                })?);
            }
        }
        Ok(found)
    }
}
