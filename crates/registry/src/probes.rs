//! `/readyz` and `/metrics`.

use http::{Response, StatusCode, header};

use crate::message::answer::{self, Body, Outcome, Refusal};
use crate::registry::Registry;
use crate::telemetry::metrics::CONTENT_TYPE;

/// 200 when the stores answer and the registry is not about to stop, else 503 with what is
/// missing.
pub(crate) async fn ready(registry: &Registry) -> Response<Body> {
    let operations = registry.operations();
    let (metadata, objects) = (registry.metadata.as_ref(), registry.objects.as_ref());
    let health = &operations.health;
    match health.check(metadata, objects, &operations.metrics).await {
        Ok(()) => answer::json(StatusCode::OK, &serde_json::json!({})),
        Err(why) => {
            let body = serde_json::json!({ "unready": why.name() });
            answer::json(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

/// The measurements, on the registry's own address. Whether the sender may see them was
/// decided before.
pub(crate) fn metrics(registry: &Registry) -> Outcome {
    let settings = &registry.operations().config().metrics;
    if !settings.enabled || settings.listen.is_some() {
        return Err(Refusal::not_found());
    }
    Ok(render(registry))
}

/// The measurements.
pub(crate) fn render(registry: &Registry) -> Response<Body> {
    let text = registry.operations().metrics.render();
    let response = answer::bytes(StatusCode::OK, text.into());
    answer::with(response, header::CONTENT_TYPE, CONTENT_TYPE)
}
