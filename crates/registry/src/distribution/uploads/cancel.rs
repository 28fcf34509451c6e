//! `DELETE`: gives a session up.

use http::StatusCode;
use lazaret_content::UploadId;
use lazaret_oci::Repository;

use super::writing::{Writing, detached};
use crate::message::answer::{self, Outcome};
use crate::message::body::Content;
use crate::registry::Registry;

pub(crate) async fn cancel(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    content: &mut Content,
) -> Outcome {
    let (registry, repository, id) = (registry.clone(), repository.clone(), id.clone());
    detached(content, |content| async move {
        let outcome = async {
            let upload = Writing::claim(&registry, &repository, &id).await?;
            upload.discard().await
        };
        let outcome = outcome.await;
        (content, outcome)
    })
    .await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
