//! Follows up a successful request: audit log, counts, and events, which are stored before the
//! client gets its response.

use http::request::Parts;
use http::{HeaderName, Response, StatusCode, header};

use crate::act::{Change, Effect, Reference};
use crate::caller::Caller;
use crate::events::{Happening, Kind};
use crate::message::answer::CONTENT_DIGEST;
use crate::message::{Body, Outcome};
use crate::registry::Registry;
use crate::telemetry::metrics::Content;
use crate::telemetry::{Metrics, Observation};

/// Records and counts a successful request, and stores its event.
///
/// # Errors
/// Fails when the event of a push or deletion cannot be stored. The client then has to try again,
/// so every acknowledged change has its event.
pub(super) async fn follow(
    registry: &Registry,
    caller: &Caller,
    effect: &Effect<'_>,
    head: &Parts,
    observation: &Observation,
    response: Response<Body>,
) -> Outcome {
    let status = response.status();
    if status.is_success() {
        caller.record(effect);
    }
    if !status.is_success() && !status.is_redirection() {
        return Ok(response);
    }
    count(&registry.telemetry.metrics, effect.change, status);
    let (Some(kind), Some(reference)) = (kind(effect.change), effect.reference) else {
        return Ok(response);
    };
    let answered_digest = answered(&response, CONTENT_DIGEST);
    let answered_type = answered(&response, header::CONTENT_TYPE);
    let named = reference.to_string();
    let (digest, tag) = match reference {
        Reference::Digest(_) => (Some(named.as_str()), None),
        Reference::Tag(_) => (answered_digest.as_deref(), Some(named.as_str())),
    };
    let sent_type = head.headers.get(header::CONTENT_TYPE);
    let media_type = match kind {
        Kind::ManifestPushed => sent_type.and_then(|value| value.to_str().ok()),
        Kind::ManifestPulled => answered_type.as_deref(),
        Kind::ManifestDeleted | Kind::TagDeleted | Kind::BlobDeleted => None,
    };
    let happening = Happening {
        kind,
        repository: effect.repository,
        digest,
        tag,
        media_type,
        user: caller.user(),
        request: observation.request(),
        traceparent: &observation.traceparent(),
    };
    registry.events.tell(&happening).await?;
    Ok(response)
}

/// A header of the response, as text.
fn answered(response: &Response<Body>, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn count(metrics: &Metrics, change: Change, status: StatusCode) {
    match change {
        Change::ManifestPushed => metrics.pushed(Content::Manifest),
        Change::ManifestPulled => metrics.pulled(Content::Manifest),
        Change::BlobPulled => metrics.pulled(Content::Blob),
        Change::BlobPushed if status == StatusCode::CREATED => metrics.pushed(Content::Blob),
        Change::BlobPushed | Change::ManifestDeleted | Change::TagDeleted | Change::BlobDeleted => {
        }
    }
}

/// The kind of event of a change; not every change has one.
fn kind(change: Change) -> Option<Kind> {
    match change {
        Change::ManifestPushed => Some(Kind::ManifestPushed),
        Change::ManifestPulled => Some(Kind::ManifestPulled),
        Change::ManifestDeleted => Some(Kind::ManifestDeleted),
        Change::TagDeleted => Some(Kind::TagDeleted),
        Change::BlobDeleted => Some(Kind::BlobDeleted),
        Change::BlobPushed | Change::BlobPulled => None,
    }
}
