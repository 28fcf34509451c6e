//! Endpoints beyond distribution-spec.

use http::{Response, StatusCode};
use serde_json::json;

use crate::message::{Body, answer};
use crate::registry::Registry;

/// Answers `/ext/v1/types`: the artifact families with their media types and schemas.
pub(crate) fn types(registry: &Registry) -> Response<Body> {
    answer::json(StatusCode::OK, &registry.terms().schemas.types())
}

/// Answers `/v2/_oci/ext/discover` (distribution-spec, extensions/_oci.md).
pub(crate) fn discover() -> Response<Body> {
    let body = json!({
        "extensions": [{
            "name": "_lazaret",
            "url": "https://github.com/lazaret-dev/lazaret/blob/main/docs/guide/registry.md",
            "description": "typed artifact families and their schemas",
            "endpoints": ["/v2/_lazaret/ext/types", "/ext/v1/types"],
        }]
    });
    answer::json(StatusCode::OK, &body)
}
