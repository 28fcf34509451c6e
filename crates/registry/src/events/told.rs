//! What a request did: counted, and told to webhooks before the client has its answer.

use http::request::Parts;
use http::{HeaderName, Method, Response, header};
use lazaret_content::ManifestSelector;
use lazaret_oci::Repository;

use super::Happening;
use crate::act::path::Route;
use crate::config::EventKind;
use crate::message::answer::{Body, CONTENT_DIGEST, Outcome};
use crate::telemetry::metrics::Content;
use crate::telemetry::{Observation, Operations};

/// Counts and tells what an answered request did.
///
/// # Errors
/// When a push or deletion cannot be kept for delivery: the client has to try again, so that
/// every one that is acknowledged is told.
pub(crate) async fn tell(
    operations: &Operations,
    observation: &Observation,
    route: &Route,
    head: &Parts,
    response: Response<Body>,
) -> Outcome {
    if !response.status().is_success() && !response.status().is_redirection() {
        return Ok(response);
    }
    count(operations, route, head, &response);
    let Some(events) = &operations.events else {
        return Ok(response);
    };
    let Some((kind, repository, selected)) = happened(route, &head.method) else {
        return Ok(response);
    };
    let found = answered(&response, CONTENT_DIGEST);
    let answered_type = answered(&response, header::CONTENT_TYPE);
    let (digest, tag) = match &selected {
        Selected::Digest(digest) => (Some(digest.as_str()), None),
        Selected::Tag(tag) => (found.as_deref(), Some(tag.as_str())),
    };
    let media_type = match kind {
        EventKind::ManifestPushed => head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok()),
        EventKind::ManifestPulled => answered_type.as_deref(),
        _ => None,
    };
    let happening = Happening {
        kind,
        repository,
        digest,
        tag,
        media_type,
        user: observation.user.as_deref(),
        request: &observation.request,
        traceparent: &observation.context.header(),
    };
    events.tell(&happening).await?;
    Ok(response)
}

fn answered(response: &Response<Body>, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn count(operations: &Operations, route: &Route, head: &Parts, response: &Response<Body>) {
    let metrics = &operations.metrics;
    let is_created = response.status() == http::StatusCode::CREATED;
    match (route, &head.method) {
        (Route::Manifest(..), &Method::PUT) => metrics.pushed(Content::Manifest),
        (Route::Manifest(..), &Method::GET) => metrics.pulled(Content::Manifest),
        (Route::Blob(..), &Method::GET) => metrics.pulled(Content::Blob),
        (Route::Upload(..), &Method::PUT) | (Route::Uploads(_), &Method::POST) if is_created => {
            metrics.pushed(Content::Blob);
        }
        _ => {}
    }
}

enum Selected {
    Tag(String),
    Digest(String),
}

/// What a request does that others may want to know.
fn happened<'a>(
    route: &'a Route,
    method: &Method,
) -> Option<(EventKind, &'a Repository, Selected)> {
    match route {
        Route::Manifest(repository, selector) => {
            let selected = match selector {
                ManifestSelector::Tag(tag) => Selected::Tag(tag.to_string()),
                ManifestSelector::Digest(digest) => Selected::Digest(digest.to_string()),
            };
            let kind = match (method, &selected) {
                (&Method::PUT, _) => EventKind::ManifestPushed,
                (&Method::GET, _) => EventKind::ManifestPulled,
                (&Method::DELETE, Selected::Tag(_)) => EventKind::TagDeleted,
                (&Method::DELETE, Selected::Digest(_)) => EventKind::ManifestDeleted,
                _ => return None,
            };
            Some((kind, repository, selected))
        }
        Route::Blob(repository, digest) if method == Method::DELETE => {
            let selected = Selected::Digest(digest.to_string());
            Some((EventKind::BlobDeleted, repository, selected))
        }
        _ => None,
    }
}
