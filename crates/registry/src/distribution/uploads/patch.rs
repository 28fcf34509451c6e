//! `PATCH`: adds a chunk to a session.

use http::{HeaderMap, StatusCode};
use lazaret_content::UploadId;
use lazaret_oci::Repository;

use super::writing::{Writing, detached};
use super::{chunk, session};
use crate::message::answer::Outcome;
use crate::message::body::Content;
use crate::registry::Registry;

pub(crate) async fn patch(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    headers: &HeaderMap,
    content: &mut Content,
) -> Outcome {
    let chunk = chunk(headers)?;
    let (registry, to, upload) = (registry.clone(), repository.clone(), id.clone());
    let size = detached(content, |mut content| async move {
        let outcome = async {
            let mut upload = Writing::claim(&registry, &to, &upload).await?;
            let outcome = upload.chunk(&mut content, chunk).await;
            let size = upload.size();
            upload.release().await?;
            outcome.map(|()| size)
        };
        let outcome = outcome.await;
        (content, outcome)
    })
    .await?;
    Ok(session(StatusCode::ACCEPTED, repository, id, size))
}
