//! `GET`: reports how many bytes an upload session has received.

use http::StatusCode;
use lazaret_content::UploadId;
use lazaret_oci::Repository;

use super::session::session;
use crate::message::{Outcome, Refusal};
use crate::registry::Registry;

pub(crate) async fn status(registry: &Registry, repository: &Repository, id: &UploadId) -> Outcome {
    let upload = registry.stores.metadata.upload(id).await?;
    let upload = upload
        .filter(|upload| upload.repository == *repository)
        .ok_or_else(Refusal::unknown_upload)?;
    let size = upload.staged.size;
    Ok(session(StatusCode::NO_CONTENT, repository, id, size))
}
