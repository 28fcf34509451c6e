//! `PUT`: takes the last chunk, if any, and the digest that the blob must have.

use http::HeaderMap;
use lazaret_content::UploadId;
use lazaret_oci::Repository;
use lazaret_oci::wire::ErrorCode;

use super::chunk::chunk;
use super::session::created;
use super::writing::{Writing, detached};
use crate::act::parse_digest;
use crate::message::{Outcome, Query, Refusal, RequestBody};
use crate::registry::Registry;

pub(crate) async fn finish(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    query: &Query,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Outcome {
    let digest = query
        .get("digest")
        .ok_or_else(|| Refusal::new(ErrorCode::DigestInvalid, "the digest parameter is missing"))?;
    let digest = parse_digest(digest)?;
    let chunk = chunk(headers)?;
    let (registry, to, id, expected) = (
        registry.clone(),
        repository.clone(),
        id.clone(),
        digest.clone(),
    );
    detached(body, |mut body| async move {
        let outcome = async {
            let mut upload = Writing::claim(&registry, &to, &id).await?;
            let has_more = chunk.is_some() || !body.is_empty();
            if has_more {
                let appended = match upload.expect(&expected).await {
                    Ok(()) => upload.chunk(&mut body, chunk).await,
                    Err(refusal) => Err(refusal),
                };
                if let Err(refusal) = appended {
                    upload.release().await?;
                    return Err(refusal);
                }
            }
            upload.finish(&expected).await
        };
        let outcome = outcome.await;
        (body, outcome)
    })
    .await?;
    Ok(created(repository, &digest))
}
