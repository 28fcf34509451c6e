//! Refusals: the responses to requests that do not succeed.

use std::fmt::Display;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use lazaret_oci::Digest;
use lazaret_oci::wire::{ErrorBody, ErrorCode, ErrorEntry};
use lazaret_values::Chain;

use super::answer::{self, Body};

/// A response, or the reason that the request is refused.
pub(crate) type Outcome = Result<Response<Body>, Refusal>;

/// A refused request: a status, and the error body of the specification.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: ErrorBody,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// One fault, with the usual status of its code.
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

    /// Whether it has this status.
    pub(crate) fn is(&self, status: StatusCode) -> bool {
        self.status == status
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.push((name, value));
        }
        self
    }

    /// The endpoint does not exist.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::Unsupported, "there is no such endpoint").status(StatusCode::NOT_FOUND)
    }

    /// A failure of the registry, not of the client.
    pub(crate) fn internal(message: &str) -> Self {
        Self::own(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", message)
    }

    /// There is no room for more content (RFC 4918, section 11.5).
    fn full() -> Self {
        let message = "the registry's storage is full: delete something, or try again later";
        Self::own(
            StatusCode::INSUFFICIENT_STORAGE,
            "INSUFFICIENT_STORAGE",
            message,
        )
    }

    /// A failure with a code that is not in the specification.
    fn own(status: StatusCode, code: &str, message: &str) -> Self {
        let entry = ErrorEntry {
            code: code.to_owned(),
            message: message.to_owned(),
            detail: serde_json::Value::Null,
        };
        Self::many(status, vec![entry])
    }

    /// The manifest does not exist. `reference` is a tag, a digest, or neither.
    pub(crate) fn unknown_manifest(reference: impl Display) -> Self {
        Self::new(
            ErrorCode::ManifestUnknown,
            format!("manifest {reference} is not in the repository"),
        )
    }

    /// The endpoint does not allow this method (RFC 9110, section 15.5.6). `allow` lists the
    /// methods that it allows.
    pub(crate) fn not_allowed(message: impl Into<String>, allow: &str) -> Self {
        Self::new(ErrorCode::Unsupported, message)
            .status(StatusCode::METHOD_NOT_ALLOWED)
            .header(header::ALLOW, allow)
    }

    /// Deletions by clients are turned off.
    pub(crate) fn deletes_nothing(allow: &str) -> Self {
        Self::not_allowed("this registry deletes nothing on request", allow)
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

    /// The faults, in one line.
    pub(crate) fn reason(&self) -> String {
        let messages: Vec<&str> = self
            .body
            .errors
            .iter()
            .map(|entry| entry.message.as_str())
            .collect();
        messages.join("; ")
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let json = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = answer::json_bytes(self.status, json);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<lazaret_content::Error> for Refusal {
    /// The client gets one sentence, the log the error with its causes.
    fn from(error: lazaret_content::Error) -> Self {
        use lazaret_content::Error as Store;
        match error {
            Store::DigestMismatch { .. } => Self::new(ErrorCode::DigestInvalid, error.to_string()),
            Store::SizeMismatch { .. } => Self::new(ErrorCode::SizeInvalid, error.to_string()),
            Store::SizeContradicted { .. } => {
                Self::new(ErrorCode::ManifestInvalid, error.to_string())
            }
            Store::UploadUnknown { .. } => Self::unknown_upload(),
            Store::UploadBusy { .. } => Self::new(ErrorCode::BlobUploadInvalid, error.to_string())
                .status(StatusCode::CONFLICT),
            Store::TagImmutable { .. } => Self::new(ErrorCode::Denied, error.to_string()),
            Store::QuotaExceeded { .. } => Self::new(ErrorCode::Denied, error.to_string()),
            Store::Missing { digests } => {
                Self::many(StatusCode::NOT_FOUND, digests.iter().map(missing).collect())
            }
            Store::Unavailable { .. } => {
                tracing::error!(error = %Chain(&error), "store failed");
                Self::internal("the registry's database does not answer")
                    .status(StatusCode::SERVICE_UNAVAILABLE)
                    .header(header::RETRY_AFTER, "5")
            }
            error if is_full(&error) => {
                tracing::error!(error = %Chain(&error), "no room");
                Self::full()
            }
            error => {
                tracing::error!(error = %Chain(&error), "store failed");
                Self::internal("the registry's storage failed")
            }
        }
    }
}

/// Whether a store has no room, or this user's share of the disk is used up.
fn is_full(error: &lazaret_content::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    match error {
        lazaret_content::Error::Full { .. } => true,
        lazaret_content::Error::Io(error) => {
            matches!(error.source.kind(), StorageFull | QuotaExceeded)
        }
        _ => false,
    }
}

/// The entry for content that a manifest names but its repository does not have.
fn missing(digest: &Digest) -> ErrorEntry {
    ErrorEntry {
        code: ErrorCode::ManifestBlobUnknown.as_str().to_owned(),
        message: format!("{digest} is not in the repository"),
        detail: serde_json::json!({ "digest": digest }),
    }
}
