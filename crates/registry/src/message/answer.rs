//! Answers and refusals.

use std::error::Error as _;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use lazaret_oci::Digest;
use lazaret_oci::wire::{ErrorBody, ErrorCode, ErrorEntry};

/// Body of every answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// An answer, or why there is none.
pub(crate) type Outcome = Result<Response<Body>, Refusal>;

pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
pub(crate) const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const API_VERSION: HeaderName =
    HeaderName::from_static("docker-distribution-api-version");

/// A request that is refused: a status and the error body of the specification.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: ErrorBody,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// One fault with the status that usually goes with its code.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            status,
            body: ErrorBody::one(code, message),
            headers: Vec::new(),
        }
    }

    /// Several faults.
    pub(crate) fn many(status: StatusCode, errors: Vec<ErrorEntry>) -> Self {
        Self {
            status,
            body: ErrorBody { errors },
            headers: Vec::new(),
        }
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.push((name, value));
        }
        self
    }

    /// No such endpoint.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::Unsupported, "there is no such endpoint").status(StatusCode::NOT_FOUND)
    }

    /// A failure that is not the client's.
    pub(crate) fn internal(message: &str) -> Self {
        let entry = ErrorEntry {
            code: "UNKNOWN".to_owned(),
            message: message.to_owned(),
            detail: serde_json::Value::Null,
        };
        Self::many(StatusCode::INTERNAL_SERVER_ERROR, vec![entry])
    }

    pub(crate) fn unknown_manifest(reference: &str) -> Self {
        Self::new(
            ErrorCode::ManifestUnknown,
            format!("manifest {reference} is not in the repository"),
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            ErrorCode::Unsupported,
            "the endpoint does not take this method",
        )
    }

    pub(crate) fn unknown_upload() -> Self {
        Self::new(
            ErrorCode::BlobUploadUnknown,
            "there is no such upload: it was finished, cancelled or has expired",
        )
    }

    pub(crate) fn unknown_blob(digest: &Digest) -> Self {
        Self::new(
            ErrorCode::BlobUnknown,
            format!("blob {digest} is not in the repository"),
        )
    }

    pub(crate) fn unknown_repository() -> Self {
        Self::new(ErrorCode::NameUnknown, "the repository does not exist")
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let json = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = json_bytes(self.status, json);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<lazaret_content::Error> for Refusal {
    /// The client gets a sentence, the log the whole story.
    fn from(error: lazaret_content::Error) -> Self {
        use lazaret_content::Error as Store;
        match error {
            Store::DigestMismatch { .. } => Self::new(ErrorCode::DigestInvalid, error.to_string()),
            Store::SizeMismatch { .. } => Self::new(ErrorCode::SizeInvalid, error.to_string()),
            Store::UploadUnknown { .. } => Self::unknown_upload(),
            Store::UploadBusy { .. } => Self::new(ErrorCode::BlobUploadInvalid, error.to_string())
                .status(StatusCode::CONFLICT),
            Store::TagImmutable { .. } => Self::new(ErrorCode::Denied, error.to_string()),
            Store::QuotaExceeded { .. } => Self::new(ErrorCode::Denied, error.to_string()),
            Store::Missing { digests } => {
                Self::many(StatusCode::NOT_FOUND, digests.iter().map(missing).collect())
            }
            error => {
                let full = matches!(
                    &error,
                    Store::Io(error) if error.source.kind() == std::io::ErrorKind::StorageFull
                );
                tracing::error!(%error, cause = ?error.source(), "store failed");
                if full {
                    Self::internal("the registry's storage is full")
                        .status(StatusCode::INSUFFICIENT_STORAGE)
                } else {
                    Self::internal("the registry's storage failed")
                }
            }
        }
    }
}

/// The entry for content that a manifest names and its repository has not.
fn missing(digest: &Digest) -> ErrorEntry {
    ErrorEntry {
        code: ErrorCode::ManifestBlobUnknown.as_str().to_owned(),
        message: format!("{digest} is not in the repository"),
        detail: serde_json::json!({ "digest": digest }),
    }
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    bytes(status, Bytes::new())
}

/// An answer with a body that is at hand.
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

/// A JSON document.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    json_bytes(status, value.to_string().into_bytes())
}

fn json_bytes(status: StatusCode, text: Vec<u8>) -> Response<Body> {
    with(
        bytes(status, text.into()),
        header::CONTENT_TYPE,
        "application/json",
    )
}

/// The same answer with one more header. Values come from checked types; one that is no
/// header value is left out.
pub(crate) fn with(mut response: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The digest as header and entity tag.
pub(crate) fn with_digest(response: Response<Body>, digest: &Digest) -> Response<Body> {
    let text = digest.to_string();
    let response = with(response, CONTENT_DIGEST, &text);
    with(response, header::ETAG, &format!("\"{text}\""))
}

/// Whether the client has this content already (`If-None-Match`).
pub(crate) fn is_known(headers: &http::HeaderMap, digest: &Digest) -> bool {
    let tag = format!("\"{digest}\"");
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|candidate| candidate.trim().trim_start_matches("W/"))
        .any(|candidate| candidate == "*" || candidate == tag)
}
