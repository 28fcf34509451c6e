//! Answers probes: `/readyz` for load balancers, `/metrics` for Prometheus.

use http::{Response, StatusCode, header};

use crate::message::{Body, Outcome, Refusal, answer};
use crate::registry::Registry;
use crate::telemetry::metrics::CONTENT_TYPE;
use crate::terms::Exposure;

/// 200 when the stores respond and the registry is not about to stop; else 503 with the reason.
pub(crate) async fn ready(registry: &Registry) -> Response<Body> {
    let (telemetry, stores) = (&registry.telemetry, &registry.stores);
    let (metadata, objects) = (stores.metadata.as_ref(), stores.objects.as_ref());
    let health = &telemetry.health;
    match health.check(metadata, objects, &telemetry.metrics).await {
        Ok(()) => answer::json(StatusCode::OK, &serde_json::json!({})),
        Err(why) => {
            let body = serde_json::json!({ "unready": why.name() });
            answer::json(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

/// The measurements, at the registry's own address. The client's right to see them was checked
/// before.
///
/// # Errors
/// Fails with 404 when they are not available there.
pub(crate) fn metrics(registry: &Registry) -> Outcome {
    match registry.terms().metrics {
        Exposure::Nobody => Err(Refusal::not_found()),
        Exposure::Administrators | Exposure::Everybody => Ok(render(registry)),
    }
}

/// The measurements as a response.
pub(crate) fn render(registry: &Registry) -> Response<Body> {
    let text = registry.telemetry.metrics.render();
    let response = answer::bytes(StatusCode::OK, text.into());
    answer::with(response, header::CONTENT_TYPE, CONTENT_TYPE)
}
