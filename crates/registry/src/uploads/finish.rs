//! `PUT`: the last chunk, if any, and the digest that the blob must have.

use http::HeaderMap;
use hyper::body::{Body as _, Incoming};
use lazaret_oci::Repository;
use lazaret_oci::wire::ErrorCode;
use lazaret_store::UploadId;

use super::{chunk, created, length, refusal, require};
use crate::answer::{Outcome, Refusal};
use crate::body;
use crate::query::Query;
use crate::registry::Registry;
use crate::route::parse_digest;

pub(crate) async fn finish(
    registry: &Registry,
    repository: &Repository,
    id: &UploadId,
    query: &Query,
    headers: &HeaderMap,
    content: &mut Incoming,
) -> Outcome {
    require(registry, repository, id).await?;
    let digest = query
        .get("digest")
        .ok_or_else(|| Refusal::new(ErrorCode::DigestInvalid, "the digest parameter is missing"))?;
    let digest = parse_digest(digest)?;
    let chunk = chunk(headers)?;
    let start = chunk.as_ref().map(|chunk| chunk.start);
    if start.is_some() || !content.is_end_stream() {
        let writer = registry
            .blobs
            .append(id, start)
            .await
            .map_err(|error| refusal(error, repository, id))?;
        body::append(content, writer, length(chunk)).await?;
    }
    let committed = registry.blobs.commit(id, &digest).await;
    match &committed {
        Err(lazaret_store::Error::UploadBusy { .. }) => {}
        // Done or spoilt: the session is over either way.
        _ => {
            registry.metadata.remove_upload(id).await?;
        }
    }
    committed?;
    registry.metadata.link_blob(repository, &digest).await?;
    Ok(created(repository, &digest))
}
