//! `GET`: how far a session has come.

use http::StatusCode;
use lazaret_oci::Repository;
use lazaret_store::UploadId;

use super::{require, session};
use crate::answer::{Outcome, Refusal};
use crate::registry::Registry;

pub(crate) async fn status(registry: &Registry, repository: &Repository, id: &UploadId) -> Outcome {
    require(registry, repository, id).await?;
    let size = registry
        .blobs
        .upload_offset(id)
        .await?
        .ok_or_else(Refusal::unknown_upload)?;
    Ok(session(StatusCode::NO_CONTENT, repository, id, size))
}
