//! `POST`: mounts a blob, takes a whole one, or starts an upload session.

use http::{HeaderName, StatusCode};
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Algorithm, Digest, Repository};

use super::session::{created, session};
use super::writing::{Writing, begin, detached};
use crate::act::parse_digest;
use crate::caller::Caller;
use crate::message::{Outcome, Query, Refusal, RequestBody, answer};
use crate::registry::Registry;

/// Smallest chunk that a client should send (distribution-spec 1.1, "Pushing a blob in chunks").
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
/// Largest number of repositories that are tried for a mount without a source.
const CANDIDATES: usize = 32;

pub(crate) async fn start(
    registry: &Registry,
    caller: &Caller,
    repository: &Repository,
    query: &Query,
    body: &mut RequestBody,
) -> Outcome {
    if let Some(digest) = query.get("mount") {
        let digest = parse_digest(digest)?;
        if mount(registry, caller, repository, &digest, query.get("from")).await? {
            return Ok(created(repository, &digest));
        }
    }
    if let Some(digest) = query.get("digest") {
        let digest = parse_digest(digest)?;
        monolithic(registry, repository, &digest, body).await?;
        return Ok(created(repository, &digest));
    }
    let algorithm = match query.get("digest-algorithm") {
        // After a failed mount the client sends the content to a session.
        None => query
            .get("mount")
            .and_then(|digest| digest.parse().ok())
            .map_or(Algorithm::Sha256, |digest: Digest| digest.algorithm()),
        Some(name) => name.parse().map_err(|error: lazaret_oci::Error| {
            Refusal::new(ErrorCode::DigestInvalid, error.to_string())
        })?,
    };
    let upload = begin(registry, repository, algorithm).await?;
    let response = session(StatusCode::ACCEPTED, repository, &upload.id, 0);
    let least = registry.stores.objects.least_chunk();
    if least == 0 {
        return Ok(response);
    }
    Ok(answer::with(response, CHUNK_MIN_LENGTH, &least.to_string()))
}

/// Mounts a blob of another repository, if the caller may pull it there. Without a source, any
/// repository with the blob is tried.
async fn mount(
    registry: &Registry,
    caller: &Caller,
    repository: &Repository,
    digest: &Digest,
    from: Option<&str>,
) -> Result<bool, Refusal> {
    let sources = match from.map(str::parse::<Repository>) {
        Some(Ok(from)) => vec![from],
        // An invalid name cannot be the name of a source.
        Some(Err(_)) => Vec::new(),
        None => {
            registry
                .stores
                .metadata
                .repositories_with(digest, CANDIDATES)
                .await?
        }
    };
    let quota = registry.terms().rules.quota(repository);
    for from in sources.iter().filter(|from| caller.may_pull(from)) {
        let mounted = registry
            .stores
            .metadata
            .mount_blob(repository, from, digest, quota)
            .await?;
        if mounted.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn monolithic(
    registry: &Registry,
    repository: &Repository,
    digest: &Digest,
    body: &mut RequestBody,
) -> Result<(), Refusal> {
    let (registry, repository, digest) = (registry.clone(), repository.clone(), digest.clone());
    detached(body, |mut body| async move {
        let outcome = async {
            let mut upload = Writing::begin(&registry, &repository, digest.algorithm()).await?;
            let appended = match upload.expect(&digest).await {
                Ok(()) => upload.append(&mut body, None).await,
                Err(refusal) => Err(refusal),
            };
            match appended {
                Ok(()) => upload.finish(&digest).await,
                Err(refusal) => {
                    // No client knows the upload, so nobody could continue it.
                    upload.discard().await?;
                    Err(refusal)
                }
            }
        };
        let outcome = outcome.await;
        (body, outcome)
    })
    .await
}
