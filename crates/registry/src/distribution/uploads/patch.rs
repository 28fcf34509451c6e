//! `PATCH`: appends a chunk to an upload session.

use http::{HeaderMap, StatusCode};
use lazaret_content::UploadId;
use lazaret_oci::Repository;

use super::chunk::chunk;
use super::session::session;
use super::writing::{Writing, detached};
use crate::message::{Outcome, RequestBody};
use crate::registry::Registry;

pub(crate) async fn patch(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Outcome {
    let chunk = chunk(headers)?;
    let (registry, to, upload) = (registry.clone(), repository.clone(), id.clone());
    let size = detached(body, |mut body| async move {
        let outcome = async {
            let mut upload = Writing::claim(&registry, &to, &upload).await?;
            let outcome = upload.chunk(&mut body, chunk).await;
            let size = upload.size();
            upload.release().await?;
            outcome.map(|()| size)
        };
        let outcome = outcome.await;
        (body, outcome)
    })
    .await?;
    Ok(session(StatusCode::ACCEPTED, repository, id, size))
}
