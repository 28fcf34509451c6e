//! One request: its id, its verb, its answer, its line in the log.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use lazaret_content::UploadId;
use lazaret_oci::wire::ErrorCode;

use crate::act::path::Route;
use crate::caller::Caller;
use crate::distribution::{blobs, listings, manifests, token, uploads};
use crate::events::told;
use crate::extensions;
use crate::message::answer::{self, API_VERSION, Body, Outcome, REQUEST_ID, Refusal};
use crate::message::body::Content;
use crate::message::query::Query;
use crate::probes as probe;
use crate::registry::Registry;
use crate::server::Peer;
use crate::telemetry::Observation;

/// Answers a request, whatever it is.
pub(crate) async fn answer(
    registry: &Registry,
    request: Request<Incoming>,
    peer: &Arc<Peer>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let operations = registry.operations();
    let id = request_id(&head.headers);
    let route = Route::parse(head.uri.path());
    let (class, form) = route.as_ref().map_or(("other", "other"), Route::class);
    let mut observation = Observation::new(operations, peer, &head, id.clone(), class, form);
    let metrics = Arc::clone(&operations.metrics);
    let mut content = Content::new(body, operations.pace(), metrics);
    let outcome = match route {
        Ok(route) => {
            let outcome = admitted(registry, &head, peer, &mut content, route, &mut observation);
            outcome.await
        }
        Err(refusal) => Err(refusal),
    };
    let response = match outcome {
        Ok(response) => response,
        Err(refusal) => {
            content.discard(&head.headers).await;
            refusal.into_response()
        }
    };
    let response = answer::with(response, REQUEST_ID, &id);
    let response = answer::with(response, API_VERSION, "registry/2.0");
    observation.answered(response)
}

/// Answers a request whose path names something: who sent it, may they, what comes of it.
async fn admitted(
    registry: &Registry,
    head: &Parts,
    peer: &Peer,
    content: &mut Content,
    route: Route,
    observation: &mut Observation,
) -> Outcome {
    match route {
        Route::Live if reads(head) => {
            return Ok(answer::json(StatusCode::OK, &serde_json::json!({})));
        }
        Route::Ready if reads(head) => return Ok(probe::ready(registry).await),
        Route::Token if reads(head) || head.method == Method::POST => {
            return token::grant(registry, head, peer, content).await;
        }
        _ => {}
    }
    let caller = Caller::admit(registry, head, peer, &route).await?;
    observation.user = caller.user().map(str::to_owned);
    observation.identity = Some(caller.identity().clone());
    let told = route.clone();
    let response = dispatch(registry, &caller, head, content, route).await?;
    if response.status().is_success() {
        caller.record(head, &told);
    }
    told::tell(registry.operations(), observation, &told, head, response).await
}

fn reads(head: &Parts) -> bool {
    matches!(head.method, Method::GET | Method::HEAD)
}

/// The id that the client or a proxy gave the request, if it is fit to be logged.
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

async fn dispatch(
    registry: &Registry,
    caller: &Caller,
    head: &Parts,
    content: &mut Content,
    route: Route,
) -> Outcome {
    if head.method == Method::DELETE
        && matches!(route, Route::Manifest(..) | Route::Blob(..))
        && !registry.operations().config().delete
    {
        return Err(Refusal::new(
            ErrorCode::Unsupported,
            "this registry deletes nothing on request",
        ));
    }
    let query = Query::parse(head.uri.query());
    let headers = &head.headers;
    let reads = reads(head);
    let is_head = head.method == Method::HEAD;
    match (route, &head.method) {
        (Route::Base, _) if reads => Ok(answer::json(StatusCode::OK, &serde_json::json!({}))),
        (Route::Metrics, _) if reads => probe::metrics(registry),
        (Route::Types, _) if reads => Ok(extensions::types(registry)),
        (Route::Discover, _) if reads => Ok(extensions::discover()),
        (Route::Catalog, _) if reads => listings::catalog(registry, caller, &query).await,
        (Route::Tags(name), _) if reads => listings::tags(registry, &name, &query).await,
        (Route::Referrers(name, digest), _) if reads => {
            listings::referrers(registry, &name, &digest, &query).await
        }
        (Route::Blob(name, digest), _) if reads => blobs::get(registry, &name, &digest, head).await,
        (Route::Blob(name, digest), &Method::DELETE) => {
            blobs::delete(registry, &name, &digest).await
        }
        (Route::Manifest(name, selector), _) if reads => {
            manifests::get(registry, &name, &selector, headers, is_head).await
        }
        (Route::Manifest(name, selector), &Method::PUT) => {
            manifests::put(registry, &name, &selector, &query, headers, content).await
        }
        (Route::Manifest(name, selector), &Method::DELETE) => {
            manifests::delete(registry, &name, &selector).await
        }
        (Route::NoManifest(_, reference), &Method::PUT) => Err(Refusal::new(
            if reference.contains(':') {
                ErrorCode::DigestInvalid
            } else {
                ErrorCode::ManifestInvalid
            },
            format!("'{reference}' is neither a tag nor a digest"),
        )),
        (Route::NoManifest(_, reference), _) => Err(Refusal::unknown_manifest(&reference)),
        (Route::Uploads(name), &Method::POST) => {
            uploads::start(registry, caller, &name, &query, content).await
        }
        (Route::Upload(name, id), &Method::PATCH) => {
            uploads::patch(registry, &name, &id, headers, content).await
        }
        (Route::Upload(name, id), &Method::PUT) => {
            uploads::finish(registry, &name, &id, &query, headers, content).await
        }
        (Route::Upload(name, id), &Method::DELETE) => {
            uploads::cancel(registry, &name, &id, content).await
        }
        (Route::Upload(name, id), _) if reads => uploads::status(registry, &name, &id).await,
        _ => Err(Refusal::method_not_allowed()),
    }
}
