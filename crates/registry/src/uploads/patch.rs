//! `PATCH`: adds a chunk to a session.

use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use lazaret_oci::Repository;
use lazaret_store::UploadId;

use super::{chunk, length, refusal, require, session};
use crate::answer::Outcome;
use crate::body;
use crate::registry::Registry;

pub(crate) async fn patch(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    headers: &HeaderMap,
    content: &mut Incoming,
) -> Outcome {
    require(registry, repository, id).await?;
    let chunk = chunk(headers)?;
    let start = chunk.as_ref().map(|chunk| chunk.start);
    let writer = registry
        .blobs
        .append(id, start)
        .await
        .map_err(|error| refusal(error, repository, id))?;
    let size = body::append(content, writer, length(chunk)).await?;
    Ok(session(StatusCode::ACCEPTED, repository, id, size))
}
