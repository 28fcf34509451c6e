//! The error type of this crate: one enum, with a class for callers that treat kinds alike.
//!
//! Messages name no flag, command or variable: only a caller that has these can say what to do
//! about a failure.

mod answer;
mod cause;
mod class;

use std::path::PathBuf;
use std::time::Duration;

use lazaret_files::Stopped;
use lazaret_oci::Digest;
use thiserror::Error;

pub use answer::Answer;
pub use cause::{Cause, UrlFault};
pub use class::Class;

/// A failed operation on a registry.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Credentials are missing or wrong (401).
    #[error("failed to {operation}: {registry} wants credentials: {answer}")]
    Unauthorized {
        /// The registry, or the token server.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message.
        answer: Box<Answer>,
        /// Whether credentials were sent.
        credentials_sent: bool,
    },
    /// Credentials are not enough (403).
    #[error("failed to {operation}: {registry} denied it: {answer}")]
    Denied {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message.
        answer: Box<Answer>,
    },
    /// The object does not exist (404).
    #[error("failed to {operation}: not found in {registry}: {answer}")]
    NotFound {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message.
        answer: Box<Answer>,
    },
    /// The server refused the content or the request (other 4xx).
    #[error("failed to {operation}: {registry} refused it: {answer}")]
    Invalid {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message; its entries have JSON pointers in `detail`.
        answer: Box<Answer>,
    },
    /// The object is in a state that forbids the request (409, 412).
    #[error("failed to {operation}: conflict in {registry}: {answer}")]
    Conflict {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message.
        answer: Box<Answer>,
    },
    /// Too many requests (429), after all tries.
    #[error("failed to {operation}: {registry} limits the rate of requests: {answer}")]
    RateLimited {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message.
        answer: Box<Answer>,
        /// The wait that the server asked for.
        retry_after: Option<Duration>,
    },
    /// The server failed (5xx), after all tries.
    #[error("failed to {operation}: {registry} failed: {answer}")]
    Server {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The server's message.
        answer: Box<Answer>,
        /// The wait that the server asked for.
        retry_after: Option<Duration>,
    },
    /// The server cannot be reached, after all tries.
    #[error("failed to {operation}: cannot reach {registry}: {reason}")]
    Unreachable {
        /// The registry, or another host to which it pointed.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The reason that the network gave.
        reason: String,
        /// The cause, as far as it is known.
        cause: Cause,
    },
    /// Content differs from its digest or size.
    #[error(
        "failed to {operation}: content from {registry} is not what was asked for: \
         expected {expected}{}, got {actual} ({bytes} bytes)", size_text(*.expected_bytes)
    )]
    Integrity {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The requested digest.
        expected: Box<Digest>,
        /// The requested size in bytes, when it is known.
        expected_bytes: Option<u64>,
        /// The digest received, or another description of the difference.
        actual: String,
        /// Number of bytes received.
        bytes: u64,
    },
    /// The peer broke the protocol or asked for something unsafe.
    #[error("failed to {operation}: {registry} {reason}")]
    Protocol {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The breach, as the end of a sentence that starts with the registry's name.
        reason: String,
        /// The cause, as far as it is known.
        cause: Cause,
    },
    /// The document received or sent breaks the image specification.
    #[error("failed to {operation}: bad document from {registry}")]
    Document {
        /// The registry.
        registry: String,
        /// The attempted operation, with its object.
        operation: String,
        /// The rule that it breaks.
        source: lazaret_oci::Error,
    },
    /// An index has no manifest for the platform.
    #[error("{reference} has no image for {wanted}; it has: {}", list(.available))]
    Platform {
        /// The index.
        reference: String,
        /// The requested platform.
        wanted: String,
        /// The platforms that the index has.
        available: Vec<String>,
    },
    /// A local stream failed while content was transferred.
    #[error("failed to {operation}: local i/o")]
    Local {
        /// The attempted operation, with its object.
        operation: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A credential file is unusable. Its content is never shown.
    #[error("credential file {path}: {reason}")]
    CredentialFile {
        /// The file, or the name of the setting that held its content.
        path: PathBuf,
        /// The fault in it.
        reason: String,
    },
    /// A credential helper failed. Its standard output is never shown.
    #[error("credential helper {helper} for {server}: {reason}")]
    CredentialHelper {
        /// Name of the program.
        helper: String,
        /// The registry for which it was asked.
        server: String,
        /// The reason.
        reason: String,
    },
    /// The URL is not one to download from.
    #[error("cannot download from '{url}': {fault}")]
    Url {
        /// The URL as given.
        url: String,
        /// The reason.
        fault: UrlFault,
    },
    /// The options of the client are invalid.
    #[error("client options: {reason}")]
    Options {
        /// The fault.
        reason: String,
    },
}

impl Error {
    /// The error for a refusal. `credentials_sent` and `retry_after` are kept for the statuses
    /// to which they matter.
    pub(crate) fn refused(
        registry: String,
        operation: String,
        answer: Answer,
        credentials_sent: bool,
        retry_after: Option<Duration>,
    ) -> Self {
        let status = answer.status;
        let answer = Box::new(answer);
        match status {
            401 => Self::Unauthorized {
                registry,
                operation,
                answer,
                credentials_sent,
            },
            403 => Self::Denied {
                registry,
                operation,
                answer,
            },
            404 | 410 => Self::NotFound {
                registry,
                operation,
                answer,
            },
            409 | 412 => Self::Conflict {
                registry,
                operation,
                answer,
            },
            429 => Self::RateLimited {
                registry,
                operation,
                answer,
                retry_after,
            },
            500.. => Self::Server {
                registry,
                operation,
                answer,
                retry_after,
            },
            _ => Self::Invalid {
                registry,
                operation,
                answer,
            },
        }
    }

    /// The class of the failure.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Unauthorized { .. } => Class::Unauthorized,
            Self::Denied { .. } => Class::Denied,
            Self::NotFound { .. } | Self::Platform { .. } => Class::NotFound,
            Self::Invalid { .. } | Self::Document { .. } => Class::Invalid,
            Self::Conflict { .. } => Class::Conflict,
            Self::RateLimited { .. } => Class::RateLimited,
            Self::Server { .. } | Self::Unreachable { .. } => Class::Unreachable,
            Self::Integrity { .. } => Class::Integrity,
            Self::Protocol { .. } => Class::Protocol,
            Self::Url { .. } => Class::Invalid,
            Self::Local { .. }
            | Self::CredentialFile { .. }
            | Self::CredentialHelper { .. }
            | Self::Options { .. } => Class::Local,
        }
    }

    /// The server's answer, for failures that have one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Unauthorized { answer, .. }
            | Self::Denied { answer, .. }
            | Self::NotFound { answer, .. }
            | Self::Invalid { answer, .. }
            | Self::Conflict { answer, .. }
            | Self::RateLimited { answer, .. }
            | Self::Server { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// The HTTP status, for failures that have an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answer().map(|answer| answer.status)
    }

    /// The wait that the server asked for with its last answer (`Retry-After`, RFC 9110, section
    /// 10.2.3), for a limited rate (429) and for failures of the server (5xx).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        Self::Local {
            operation: "finish the work".to_owned(),
            source: std::io::Error::other(stopped),
        }
    }
}

fn size_text(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, |bytes| format!(" ({bytes} bytes)"))
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "nothing with a platform".to_owned()
    } else {
        names.join(", ")
    }
}
