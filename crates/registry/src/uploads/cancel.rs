//! `DELETE`: gives a session up.

use http::StatusCode;
use lazaret_oci::Repository;
use lazaret_store::UploadId;

use super::require;
use crate::answer::{self, Outcome};
use crate::registry::Registry;

pub(crate) async fn cancel(registry: &Registry, repository: &Repository, id: &UploadId) -> Outcome {
    require(registry, repository, id).await?;
    registry.blobs.abort(id).await?;
    registry.metadata.remove_upload(id).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
