//! Deletes a manifest or a tag (distribution-spec 1.1, "Deleting tags", "Deleting manifests").

use http::StatusCode;
use lazaret_content::ManifestSelector;
use lazaret_oci::Repository;

use crate::act::Reference;
use crate::message::{Outcome, Refusal, answer};
use crate::registry::Registry;

pub(crate) async fn delete(
    registry: &Registry,
    repository: &Repository,
    selector: &ManifestSelector,
) -> Outcome {
    if !registry.terms().takes_deletions {
        return Err(Refusal::deletes_nothing("GET, HEAD, PUT"));
    }
    let removed = match selector {
        ManifestSelector::Tag(tag) => registry.stores.metadata.delete_tag(repository, tag).await?,
        ManifestSelector::Digest(digest) => {
            registry
                .stores
                .metadata
                .delete_manifest(repository, digest)
                .await?
        }
    };
    if removed {
        Ok(answer::empty(StatusCode::ACCEPTED))
    } else {
        Err(Refusal::unknown_manifest(Reference::from(selector)))
    }
}
