//! Deletes a manifest or a tag (distribution-spec 1.1, "Deleting tags", "Deleting manifests").

use http::StatusCode;
use lazaret_content::ManifestSelector;
use lazaret_oci::Repository;
use lazaret_oci::wire::ErrorCode;

use crate::act::Reference;
use crate::message::{Outcome, Refusal, answer};
use crate::registry::Registry;

pub(crate) async fn delete(
    registry: &Registry,
    repository: &Repository,
    selector: &ManifestSelector,
) -> Outcome {
    let terms = registry.terms();
    if !terms.takes_deletions {
        return Err(Refusal::deletes_nothing("GET, HEAD, PUT"));
    }
    let rule = terms.rules.of(repository);
    let metadata = &registry.stores.metadata;
    let removed = match selector {
        // A tag that is deleted could be set again, to something else.
        ManifestSelector::Tag(tag)
            if rule.is_some_and(|rule| rule.is_immutable(std::slice::from_ref(tag))) =>
        {
            let message = format!("tag '{tag}' is immutable: it can be neither moved nor deleted");
            return Err(Refusal::new(ErrorCode::Denied, message));
        }
        ManifestSelector::Tag(tag) => metadata.delete_tag(repository, tag).await?,
        ManifestSelector::Digest(digest) => {
            let immutable = rule.map_or(&[][..], |rule| &rule.immutable_tags);
            metadata
                .delete_manifest(repository, digest, immutable)
                .await?
        }
    };
    if removed {
        Ok(answer::empty(StatusCode::ACCEPTED))
    } else {
        Err(Refusal::unknown_manifest(Reference::from(selector)))
    }
}
