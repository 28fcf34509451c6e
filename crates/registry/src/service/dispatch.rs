//! Calls the verb of an act.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use lazaret_mirror::Mirror;
use lazaret_oci::wire::ErrorCode;

use crate::act::Act;
use crate::caller::Caller;
use crate::distribution::{blobs, listings, manifests, token, uploads};
use crate::message::{Outcome, Query, Refusal, RequestBody, answer};
use crate::registry::Registry;
use crate::server::Peer;
use crate::{extensions, probes};

/// Calls the verb of an act.
///
/// # Errors
/// Fails as its verb does.
pub(super) async fn dispatch(
    registry: &Registry,
    caller: &Caller,
    head: &Parts,
    peer: &Peer,
    body: &mut RequestBody,
    act: &Act,
) -> Outcome {
    let query = Query::parse(head.uri.query());
    let headers = &head.headers;
    if let Some(mirror) = &registry.mirror
        && let Some(answer) = mirrored(registry, mirror, head, act, &query).await
    {
        return answer;
    }
    match act {
        Act::Live | Act::Greet => Ok(answer::json(StatusCode::OK, &serde_json::json!({}))),
        Act::Ready => Ok(probes::ready(registry).await),
        Act::ReadMetrics => probes::metrics(registry),
        Act::GrantToken => token::grant(registry, head, peer, body).await,
        Act::Original(path) => {
            let original = registry.original.as_deref();
            crate::original::answer(original, registry.mirror.as_ref(), *path, head, peer, body)
                .await
        }
        Act::Transfer(transfer) => {
            let answered = crate::control::answer(&registry.control, *transfer, head, body).await;
            answered.ok_or_else(Refusal::not_found)
        }
        Act::ListExtensions => Ok(extensions::discover()),
        Act::ListTypes => Ok(extensions::types(registry)),
        Act::ListRepositories => listings::repositories(registry, caller, &query).await,
        Act::ListTags { repository } => listings::tags(registry, repository, &query).await,
        Act::ListReferrers { repository, digest } => {
            listings::referrers(registry, repository, digest, &query).await
        }
        Act::ReadManifest {
            repository,
            selector,
            head_only,
        } => manifests::get(registry, repository, selector, headers, *head_only).await,
        Act::PutManifest {
            repository,
            selector,
        } => manifests::put(registry, repository, selector, &query, headers, body).await,
        Act::DeleteManifest {
            repository,
            selector,
        } => manifests::delete(registry, repository, selector).await,
        Act::PutNoManifest { reference, .. } => Err(no_manifest(reference)),
        Act::NoManifest { reference, .. } => Err(Refusal::unknown_manifest(reference)),
        Act::ReadBlob {
            repository,
            digest,
            head_only,
        } => blobs::get(registry, repository, digest, head, *head_only).await,
        Act::DeleteBlob { repository, digest } => blobs::delete(registry, repository, digest).await,
        Act::StartUpload { repository } => {
            uploads::start(registry, caller, repository, &query, body).await
        }
        Act::ReadUpload { repository, id } => uploads::status(registry, repository, id).await,
        Act::PatchUpload { repository, id } => {
            uploads::patch(registry, repository, id, headers, body).await
        }
        Act::FinishUpload { repository, id } => {
            uploads::finish(registry, repository, id, &query, headers, body).await
        }
        Act::CancelUpload { repository, id } => {
            uploads::cancel(registry, repository, id, body).await
        }
        Act::NotAllowed { allow, .. } => Err(Refusal::not_allowed(
            "the endpoint does not take this method",
            allow,
        )),
    }
}

/// Answers what is about a mirrored repository; `None` for anything else. Deletions remove what is
/// kept, like that of any other repository.
async fn mirrored(
    registry: &Registry,
    mirror: &Arc<Mirror>,
    head: &Parts,
    act: &Act,
    query: &Query,
) -> Option<Outcome> {
    match act {
        Act::ReadManifest {
            repository,
            selector,
            head_only,
        } if mirror.has(repository) => {
            let headers = &head.headers;
            Some(crate::mirror::manifest(mirror, repository, selector, headers, *head_only).await)
        }
        Act::ReadBlob {
            repository,
            digest,
            head_only,
        } if mirror.has(repository) => {
            Some(crate::mirror::blob(registry, mirror, repository, digest, head, *head_only).await)
        }
        Act::ListTags { repository } if mirror.has(repository) => {
            Some(crate::mirror::tags(mirror, repository, query, &head.headers).await)
        }
        Act::ListReferrers { repository, digest } if mirror.has(repository) => {
            Some(crate::mirror::referrers(mirror, repository, digest, query, &head.headers).await)
        }
        Act::PutManifest { repository, .. }
        | Act::PutNoManifest { repository, .. }
        | Act::StartUpload { repository }
            if !mirror.takes_pushes(repository) =>
        {
            let message = match mirror.has(repository) {
                true => "the repository is mirrored: push to its upstream",
                false => "this is a mirror alone, which takes no pushes",
            };
            Some(Err(Refusal::not_allowed(message, "GET, HEAD, DELETE")))
        }
        _ => None,
    }
}

/// Refuses to put a manifest under a reference that is neither a tag nor a digest.
fn no_manifest(reference: &str) -> Refusal {
    let code = match reference.contains(':') {
        true => ErrorCode::DigestInvalid,
        false => ErrorCode::ManifestInvalid,
    };
    Refusal::new(code, format!("'{reference}' is neither a tag nor a digest"))
}
