//! Headers that clients of the original mirror send.

use http::{HeaderMap, HeaderName, StatusCode};
use lazaret_mirror::{Asked, Method};
use lazaret_oci::wire::ErrorCode;
use lazaret_values::Printable;

use crate::message::Refusal;

/// The name of a pipeline, which clients of the original mirror send.
static UPGRADE: HeaderName = HeaderName::from_static("x-ms-upgrade-if-streamable");
/// An end that the name of the upstream must have.
static SUFFIXES: [HeaderName; 2] = [
    HeaderName::from_static("x-ms-accept-if-suffix"),
    HeaderName::from_static("x-ms-enable-mirror-if-suffix"),
];
/// Longest value of these headers that is heeded, in bytes.
const LONGEST: usize = 255;

/// What a request that reads asks of the pipeline.
pub(super) fn asked(headers: &HeaderMap, head_only: bool) -> Asked {
    Asked {
        method: match head_only {
            true => Method::Head,
            false => Method::Get,
        },
        pipeline: short(headers, &UPGRADE).map(str::to_owned),
    }
}

/// Refuses a request whose upstream has not the end that its client wants: the client goes on
/// elsewhere.
pub(super) fn require_suffix(headers: &HeaderMap, namespace: &str) -> Result<(), Refusal> {
    let wanted = SUFFIXES.iter().filter_map(|name| short(headers, name));
    for suffix in wanted {
        if !namespace.ends_with(suffix) {
            let suffix = Printable::excerpt(suffix);
            let message = format!("{namespace} does not end with {suffix}");
            let refusal = Refusal::new(ErrorCode::Unsupported, message);
            return Err(refusal.status(StatusCode::SERVICE_UNAVAILABLE));
        }
    }
    Ok(())
}

fn short<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty() && value.len() <= LONGEST).then_some(value)
}
