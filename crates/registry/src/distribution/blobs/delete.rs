//! Removing a blob from a repository (distribution-spec 1.1, "Deleting blobs").

use http::StatusCode;
use lazaret_content::Unlinked;
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::message::answer::{self, Outcome, Refusal};
use crate::registry::Registry;

/// The content itself stays, because other repositories may have it; collection frees it. A blob
/// that a manifest of the repository names stays there.
pub(crate) async fn delete(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
) -> Outcome {
    match registry.metadata.unlink_blob(repository, digest).await? {
        Unlinked::Done => Ok(answer::empty(StatusCode::ACCEPTED)),
        Unlinked::Absent => Err(Refusal::unknown_blob(digest)),
        Unlinked::InUse => Err(Refusal::new(
            ErrorCode::Unsupported,
            format!("a manifest in the repository names blob {digest}; delete the manifest first"),
        )
        .status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}
