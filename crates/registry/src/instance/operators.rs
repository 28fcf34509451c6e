//! Serves operators at a separate address: `/metrics`, `/livez` and `/readyz`, without
//! authentication.

use std::sync::Arc;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::message::{Body, Refusal, answer};
use crate::probes;
use crate::registry::Registry;
use crate::server::Handler;

/// Answers requests at the operators' address.
pub(super) fn handler(registry: Registry) -> Handler {
    Arc::new(move |request: Request<Incoming>, _| {
        let registry = registry.clone();
        Box::pin(async move { respond(&registry, request.uri().path()).await })
    })
}

async fn respond(registry: &Registry, path: &str) -> Response<Body> {
    match path {
        "/metrics" => probes::render(registry),
        "/livez" => answer::json(StatusCode::OK, &serde_json::json!({})),
        "/readyz" => probes::ready(registry).await,
        _ => Refusal::not_found().into_response(),
    }
}
