//! Removing a blob from a repository (distribution-spec 1.1, "Deleting blobs").

use http::StatusCode;
use lazaret_oci::{Digest, Repository};

use crate::answer::{self, Outcome, Refusal};
use crate::registry::Registry;

/// The content itself stays, because other repositories may have it; collection frees it.
pub(crate) async fn delete(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
) -> Outcome {
    if registry.metadata.unlink_blob(repository, digest).await? {
        Ok(answer::empty(StatusCode::ACCEPTED))
    } else {
        Err(Refusal::unknown_blob(digest))
    }
}
