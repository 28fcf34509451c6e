//! Deletes a blob from a repository (distribution-spec 1.1, "Deleting blobs").

use http::StatusCode;
use lazaret_content::Unlinked;
use lazaret_oci::{Digest, Repository};

use crate::message::{Outcome, Refusal, answer};
use crate::registry::Registry;

/// Removes the blob from the repository. Its content stays, because other repositories may have it;
/// collection frees it. A blob that a manifest of the repository names cannot be deleted.
pub(crate) async fn delete(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
) -> Outcome {
    if !registry.terms().takes_deletions {
        return Err(Refusal::deletes_nothing("GET, HEAD"));
    }
    match registry
        .stores
        .metadata
        .unlink_blob(repository, digest)
        .await?
    {
        Unlinked::Done => Ok(answer::empty(StatusCode::ACCEPTED)),
        Unlinked::Absent => Err(Refusal::unknown_blob(digest)),
        Unlinked::InUse => Err(Refusal::not_allowed(
            format!("a manifest in the repository names blob {digest}; delete the manifest first"),
            "GET, HEAD",
        )),
    }
}
