//! `PATCH`: adds a chunk to a session.

use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use lazaret_oci::Repository;
use lazaret_store::UploadId;

use super::{chunk_start, refusal, require, session};
use crate::answer::Outcome;
use crate::body;
use crate::registry::Registry;

pub(crate) async fn patch(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    headers: &HeaderMap,
    content: Incoming,
) -> Outcome {
    require(registry, repository, id).await?;
    let start = chunk_start(headers)?;
    let writer =
        registry.blobs.append(id, start).await.map_err(|error| refusal(error, repository, id))?;
    let size = body::append(content, writer).await?;
    Ok(session(StatusCode::ACCEPTED, repository, id, size))
}
