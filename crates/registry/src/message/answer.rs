//! Makes responses of status, headers and body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use lazaret_oci::Digest;

/// The body of every response.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
pub(crate) const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const API_VERSION: HeaderName =
    HeaderName::from_static("docker-distribution-api-version");

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    bytes(status, Bytes::new())
}

/// A response with these bytes as its body.
pub(crate) fn bytes(status: StatusCode, content: Bytes) -> Response<Body> {
    let length = content.len();
    let body = Full::new(content)
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// The same answer without its body, as `HEAD` gets it: the length stays that of the body.
pub(crate) fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = http_body::Body::size_hint(&body).exact()
        && length > 0
    {
        head.headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, empty_body())
}

fn empty_body() -> Body {
    Full::new(Bytes::new())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A JSON document.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    json_bytes(status, value.to_string().into_bytes())
}

/// A JSON document as text.
pub(crate) fn json_bytes(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    with(
        bytes(status, text.into()),
        header::CONTENT_TYPE,
        "application/json",
    )
}

/// Adds a header. Values come from checked types; a value that is not valid in a header is left
/// out.
pub(crate) fn with(mut response: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Adds the digest as a header and as the entity tag.
pub(crate) fn with_digest(response: Response<Body>, digest: &Digest) -> Response<Body> {
    let text = digest.to_string();
    let response = with(response, CONTENT_DIGEST, &text);
    with(response, header::ETAG, &format!("\"{text}\""))
}

/// Whether the client already has this content (`If-None-Match`).
pub(crate) fn is_known(headers: &HeaderMap, digest: &Digest) -> bool {
    let tag = format!("\"{digest}\"");
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|candidate| candidate.trim().trim_start_matches("W/"))
        .any(|candidate| candidate == "*" || candidate == tag)
}
