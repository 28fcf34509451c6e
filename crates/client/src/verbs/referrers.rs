//! `GET /v2/<name>/referrers/<digest>` (distribution-spec 1.1, "Listing Referrers").

use std::collections::HashSet;

use lazaret_oci::{Descriptor, Digest, Index, MAX_MANIFEST_BYTES, Reference};

use super::accept::accept;
use super::pages::{MOST_DESCRIPTORS, Pages};
use crate::call::Call;
use crate::error::Cause;
use crate::{Client, Error};

impl Client {
    /// The direct referrers of `subject`, of one artifact type if given. A caller that follows
    /// them further must watch for cycles.
    ///
    /// # Errors
    /// Any but [`Error::NotFound`]: without referrers, the list is empty.
    pub async fn referrers(
        &self,
        reference: &Reference,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let call = Call::on(
            reference,
            format!("list referrers of {}@{subject}", reference.base()),
        );
        let path = format!("referrers/{subject}");
        let first = self.url_in(reference, &path);
        let mut pages = Pages::new(self, &call, first, MOST_DESCRIPTORS);
        let mut found: Vec<Descriptor> = Vec::new();
        loop {
            let page = match pages.next(MAX_MANIFEST_BYTES, accept()).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // The specification says 404; registries without the API also answer 400 or 405, and
                // GHCR 303.
                Err(
                    Error::NotFound { .. }
                    | Error::Invalid { .. }
                    | Error::Protocol {
                        cause: Cause::SeeOther,
                        ..
                    },
                ) if pages.is_first() => {
                    found = self.fallback_referrers(reference, subject).await?;
                    break;
                }
                Err(error) => return Err(error),
            };
            let index: Index = serde_json::from_slice(&page)
                .map_err(|_| call.protocol("gave a list of referrers that is no index"))?;
            pages.count(index.manifests.len())?;
            found.extend(index.manifests);
        }
        if let Some(wanted) = artifact_type {
            // Filtering by the server is optional, so it is repeated here.
            found.retain(|entry| entry.artifact_type.as_deref() == Some(wanted));
        }
        let mut seen = HashSet::new();
        found.retain(|entry| seen.insert(entry.digest.clone()));
        Ok(found)
    }
}
