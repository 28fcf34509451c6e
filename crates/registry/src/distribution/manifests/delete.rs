//! Removing a manifest or a tag (distribution-spec 1.1, "Deleting tags", "Deleting manifests").

use http::StatusCode;
use lazaret_content::ManifestSelector;
use lazaret_oci::Repository;

use crate::message::answer::{self, Outcome, Refusal};
use crate::registry::Registry;

pub(crate) async fn delete(
    registry: &Registry,
    repository: &Repository,
    selector: &ManifestSelector,
) -> Outcome {
    let removed = match selector {
        ManifestSelector::Tag(tag) => registry.metadata.delete_tag(repository, tag).await?,
        ManifestSelector::Digest(digest) => {
            registry
                .metadata
                .delete_manifest(repository, digest)
                .await?
        }
    };
    if removed {
        Ok(answer::empty(StatusCode::ACCEPTED))
    } else {
        Err(Refusal::unknown_manifest(&super::text(selector)))
    }
}
