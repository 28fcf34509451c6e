//! One request: its id, its verb, its answer, its line in the log.

use std::net::SocketAddr;
use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use lazaret_oci::wire::ErrorCode;
use lazaret_store::UploadId;

use crate::answer::{self, API_VERSION, Body, Outcome, REQUEST_ID, Refusal};
use crate::query::Query;
use crate::registry::Registry;
use crate::route::Route;
use crate::{blobs, body, extensions, listings, manifests, uploads};

/// Answers a request, whatever it is.
pub(crate) async fn answer(
    registry: &Registry,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Response<Body> {
    let start = Instant::now();
    let (head, mut body) = request.into_parts();
    let id = request_id(&head.headers);
    let response = match dispatch(registry, &head, &mut body).await {
        Ok(response) => response,
        Err(refusal) => {
            body::discard(&mut body, &head.headers).await;
            refusal.into_response()
        }
    };
    // The query is left out: one day it may hold a signature.
    tracing::info!(
        %peer,
        request = id,
        method = %head.method,
        path = head.uri.path(),
        status = response.status().as_u16(),
        milliseconds = start.elapsed().as_millis(),
        "request"
    );
    let response = answer::with(response, REQUEST_ID, &id);
    answer::with(response, API_VERSION, "registry/2.0")
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

async fn dispatch(registry: &Registry, head: &Parts, body: &mut Incoming) -> Outcome {
    let route = Route::parse(head.uri.path())?;
    let query = Query::parse(head.uri.query());
    let headers = &head.headers;
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let is_head = head.method == Method::HEAD;
    match (route, &head.method) {
        (Route::Base | Route::Live | Route::Ready, _) if reads => {
            Ok(answer::json(StatusCode::OK, &serde_json::json!({})))
        }
        (Route::Types, _) if reads => Ok(extensions::types(registry)),
        (Route::Discover, _) if reads => Ok(extensions::discover()),
        (Route::Catalog, _) if reads => listings::catalog(registry, &query).await,
        (Route::Tags(name), _) if reads => listings::tags(registry, &name, &query).await,
        (Route::Referrers(name, digest), _) if reads => {
            listings::referrers(registry, &name, &digest, &query).await
        }
        (Route::Blob(name, digest), _) if reads => {
            blobs::get(registry, &name, &digest, headers, is_head).await
        }
        (Route::Blob(name, digest), &Method::DELETE) => {
            blobs::delete(registry, &name, &digest).await
        }
        (Route::Manifest(name, selector), _) if reads => {
            manifests::get(registry, &name, &selector, headers, is_head).await
        }
        (Route::Manifest(name, selector), &Method::PUT) => {
            manifests::put(registry, &name, &selector, &query, headers, body).await
        }
        (Route::Manifest(name, selector), &Method::DELETE) => {
            manifests::delete(registry, &name, &selector).await
        }
        (Route::NoManifest(_, reference), &Method::PUT) => Err(Refusal::new(
            ErrorCode::ManifestInvalid,
            format!("'{reference}' is neither a tag nor a digest"),
        )),
        (Route::NoManifest(_, reference), _) => Err(Refusal::unknown_manifest(&reference)),
        (Route::Uploads(name), &Method::POST) => {
            uploads::start(registry, &name, &query, body).await
        }
        (Route::Upload(name, id), &Method::PATCH) => {
            uploads::patch(registry, &name, &id, headers, body).await
        }
        (Route::Upload(name, id), &Method::PUT) => {
            uploads::finish(registry, &name, &id, &query, headers, body).await
        }
        (Route::Upload(name, id), &Method::DELETE) => uploads::cancel(registry, &name, &id).await,
        (Route::Upload(name, id), _) if reads => uploads::status(registry, &name, &id).await,
        _ => Err(Refusal::method_not_allowed()),
    }
}
