//! `POST`: mounts a blob, takes a whole one, or starts a session.

use http::StatusCode;
use hyper::body::Incoming;
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Algorithm, Digest, Repository};
use lazaret_store::{UploadId, UploadSession};

use super::{created, session};
use crate::answer::{Outcome, Refusal};
use crate::body;
use crate::query::Query;
use crate::registry::Registry;
use crate::route::parse_digest;

pub(crate) async fn start(
    registry: &Registry,
    repository: &Repository,
    query: &Query,
    content: &mut Incoming,
) -> Outcome {
    if let Some(digest) = query.get("mount") {
        let digest = parse_digest(digest)?;
        if mount(registry, repository, &digest, query.get("from")).await? {
            return Ok(created(repository, &digest));
        }
    }
    if let Some(digest) = query.get("digest") {
        let digest = parse_digest(digest)?;
        monolithic(registry, &digest, content).await?;
        registry.metadata.link_blob(repository, &digest).await?;
        return Ok(created(repository, &digest));
    }
    let algorithm = match query.get("digest-algorithm") {
        None => Algorithm::Sha256,
        Some(name) => name.parse().map_err(|error: lazaret_oci::Error| {
            Refusal::new(ErrorCode::DigestInvalid, error.to_string())
        })?,
    };
    let id = UploadId::random();
    registry.blobs.create_upload(&id, algorithm).await?;
    let upload = UploadSession {
        id,
        repository: repository.clone(),
    };
    registry.metadata.put_upload(&upload).await?;
    Ok(session(StatusCode::ACCEPTED, repository, &upload.id, 0))
}

/// Gives the repository a blob that another one has. Without a source, any will do.
async fn mount(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    from: Option<&str>,
) -> Result<bool, Refusal> {
    let there = match from.map(str::parse::<Repository>) {
        Some(Ok(from)) => registry.metadata.has_blob(&from, digest).await?,
        // A source that is no name has nothing to give.
        Some(Err(_)) => false,
        None => true,
    };
    if !there || registry.blobs.stat(digest).await?.is_none() {
        return Ok(false);
    }
    registry.metadata.link_blob(repository, digest).await?;
    Ok(true)
}

async fn monolithic(
    registry: &Registry,
    digest: &Digest,
    content: &mut Incoming,
) -> Result<(), Refusal> {
    let id = UploadId::random();
    registry
        .blobs
        .create_upload(&id, digest.algorithm())
        .await?;
    let outcome = async {
        let writer = registry.blobs.append(&id, None).await?;
        body::append(content, writer, None).await?;
        Ok(registry.blobs.commit(&id, digest).await?)
    }
    .await;
    if outcome.is_err() {
        // Nobody else knows the upload; a commit that failed has removed it already.
        let _ = registry.blobs.abort(&id).await;
    }
    outcome.map(|_| ())
}
