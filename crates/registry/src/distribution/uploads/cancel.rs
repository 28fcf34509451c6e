//! `DELETE`: cancels an upload session.

use http::StatusCode;
use lazaret_content::UploadId;
use lazaret_oci::Repository;

use super::writing::{Writing, detached};
use crate::message::{Outcome, RequestBody, answer};
use crate::registry::Registry;

pub(crate) async fn cancel(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    body: &mut RequestBody,
) -> Outcome {
    let (registry, repository, id) = (registry.clone(), repository.clone(), id.clone());
    detached(body, |body| async move {
        let outcome = async {
            let upload = Writing::claim(&registry, &repository, &id).await?;
            upload.discard().await
        };
        let outcome = outcome.await;
        (body, outcome)
    })
    .await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
