//! Handles one request: gives it an id, parses and admits it, answers it and logs it.
//!
//! ```text
//! Act::parse -> Caller::admit -> dispatch -> effects -> answer
//!      \-- refused: 400, 404 --\-- 401, 403, 429 --\-- the verb's own refusals
//! ```
//! This module reads no socket (`server` does) and stores nothing (the verbs in `distribution` do);
//! it connects them.

mod dispatch;
mod effects;

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use lazaret_content::UploadId;
use lazaret_oci::wire::ErrorCode;

use crate::act::{Act, Class};
use crate::caller::Caller;
use crate::message::answer::{API_VERSION, REQUEST_ID};
use crate::message::{Body, Outcome, Refusal, RequestBody, RequestId, answer};
use crate::mirror;
use crate::registry::Registry;
use crate::server::{Handler, Peer};
use crate::telemetry::Observation;

/// The handler that answers requests of connections with a registry.
pub(crate) fn handler(registry: Registry) -> Handler {
    Arc::new(move |request, peer| {
        let registry = registry.clone();
        Box::pin(async move { respond(&registry, request, &peer).await })
    })
}

/// Answers any request.
async fn respond(
    registry: &Registry,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let telemetry = &registry.telemetry;
    let id = request_id(&head.headers);
    head.extensions.insert(RequestId(id.clone()));
    let entered = mirror::enter(registry.mirror.as_ref(), &head);
    let namespace = entered
        .as_ref()
        .ok()
        .and_then(|entered| entered.namespace.clone());
    let act = entered.and_then(|entered| {
        let path = entered.path.as_deref().unwrap_or(head.uri.path());
        Act::parse(&head.method, path)
    });
    let class = act.as_ref().map_or(Class::Other, Act::class);
    let mut observation = telemetry.observe(peer, &head, id.clone(), class);
    let pace = registry.terms().pace;
    let mut body = RequestBody::new(body, pace, telemetry.metrics.received());
    let act = has_one_host(&head).and(act);
    let outcome = match act {
        Ok(act) => perform(registry, &head, peer, &mut body, &act, &mut observation).await,
        Err(refusal) => Err(refusal),
    };
    let response = match outcome {
        Ok(response) => response,
        Err(refusal) => {
            body.discard(&head.headers).await;
            refusal.into_response()
        }
    };
    let response = answer::with(response, REQUEST_ID, &id);
    let response = answer::with(response, API_VERSION, "registry/2.0");
    // Browsers shall not guess what somebody pushed.
    let mut response = answer::with(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if let Some(namespace) = &namespace {
        response = answer::with(response, mirror::NAMESPACE, namespace);
    }
    if head.method == Method::HEAD {
        // HTTP/2 would send the body of a refusal or listing.
        response = answer::without_body(response);
    }
    observation.answered(response)
}

/// Refuses what RFC 9112, section 3.2, refuses: two readers of such a request could take it for
/// requests to different servers.
fn has_one_host(head: &Parts) -> Result<(), Refusal> {
    let count = head.headers.get_all(header::HOST).iter().count();
    if head.version != Version::HTTP_11 || count == 1 {
        return Ok(());
    }
    let message = format!("a request has one Host header, and this one has {count}");
    Err(Refusal::new(ErrorCode::Unsupported, message).status(StatusCode::BAD_REQUEST))
}

/// Does what a request asks for, if its client may.
async fn perform(
    registry: &Registry,
    head: &Parts,
    peer: &Peer,
    body: &mut RequestBody,
    act: &Act,
    observation: &mut Observation,
) -> Outcome {
    let caller = Caller::admit(registry, head, peer, act).await?;
    observation.identify(caller.identity());
    let response = dispatch::dispatch(registry, &caller, head, peer, body, act).await?;
    match act.effect() {
        Some(effect) => {
            effects::follow(registry, &caller, &effect, head, observation, response).await
        }
        None => Ok(response),
    }
}

/// The request id of the client or a proxy, if it can be logged.
fn request_id(headers: &HeaderMap) -> String {
    let is_fit = |text: &&str| {
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let given = headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(is_fit);
    given.map_or_else(|| UploadId::random().to_string(), str::to_owned)
}
