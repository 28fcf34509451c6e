//! A failed operation on a registry: one enum, with a class for those who treat kinds alike.
//!
//! Messages name no flag, command or variable: what to do about a failure is told by those who
//! have such things.

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
        /// The attempt, with its object.
        operation: String,
        /// The server's words.
        answer: Box<Answer>,
        /// Whether credentials were sent.
        credentials_sent: bool,
    },
    /// Credentials are not enough (403).
    #[error("failed to {operation}: {registry} denied it: {answer}")]
    Denied {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The server's words.
        answer: Box<Answer>,
    },
    /// Not there (404).
    #[error("failed to {operation}: not found in {registry}: {answer}")]
    NotFound {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The server's words.
        answer: Box<Answer>,
    },
    /// The server refused the content or the request (other 4xx).
    #[error("failed to {operation}: {registry} refused it: {answer}")]
    Invalid {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The server's words; its entries carry JSON pointers in `detail`.
        answer: Box<Answer>,
    },
    /// The object is in a state that forbids the request (409, 412).
    #[error("failed to {operation}: conflict in {registry}: {answer}")]
    Conflict {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The server's words.
        answer: Box<Answer>,
    },
    /// Too many requests (429), after all tries.
    #[error("failed to {operation}: {registry} limits the rate of requests: {answer}")]
    RateLimited {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The server's words.
        answer: Box<Answer>,
        /// The wait that it asked for.
        retry_after: Option<Duration>,
    },
    /// The server failed (5xx), after all tries.
    #[error("failed to {operation}: {registry} failed: {answer}")]
    Server {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The server's words.
        answer: Box<Answer>,
    },
    /// The server cannot be reached, after all tries.
    #[error("failed to {operation}: cannot reach {registry}: {reason}")]
    Unreachable {
        /// The registry, or the other host it pointed to.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The reason, from the network.
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
        /// The attempt, with its object.
        operation: String,
        /// The digest asked for.
        expected: Box<Digest>,
        /// The size asked for, when it is known.
        expected_bytes: Option<u64>,
        /// The digest received, or what else shows the difference.
        actual: String,
        /// Bytes received.
        bytes: u64,
    },
    /// The peer broke the protocol or asked for something unsafe.
    #[error("failed to {operation}: {registry} {reason}")]
    Protocol {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The breach, as the rest of a sentence that starts with its name.
        reason: String,
        /// The cause, as far as it is known.
        cause: Cause,
    },
    /// The document received or sent breaks the image specification.
    #[error("failed to {operation}: bad document from {registry}")]
    Document {
        /// The registry.
        registry: String,
        /// The attempt, with its object.
        operation: String,
        /// The rule that it breaks.
        source: lazaret_oci::Error,
    },
    /// An index has nothing for the platform.
    #[error("{reference} has no image for {wanted}; it has: {}", list(.available))]
    Platform {
        /// The index.
        reference: String,
        /// The platform asked for.
        wanted: String,
        /// The platforms on offer.
        available: Vec<String>,
    },
    /// A local stream failed while content moved.
    #[error("failed to {operation}: local i/o")]
    Local {
        /// The attempt, with its object.
        operation: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A credential file cannot be used. Its content is never shown.
    #[error("credential file {path}: {reason}")]
    CredentialFile {
        /// The file, or the name of the setting that held its content.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// A credential helper failed. What it wrote to its standard output is never shown.
    #[error("credential helper {helper} for {server}: {reason}")]
    CredentialHelper {
        /// The program.
        helper: String,
        /// The registry it was asked about.
        server: String,
        /// The reason.
        reason: String,
    },
    /// A URL that is not downloaded from.
    #[error("cannot download from '{url}': {fault}")]
    Url {
        /// As given.
        url: String,
        /// The reason.
        fault: UrlFault,
    },
    /// The options given to the client cannot be used.
    #[error("client options: {reason}")]
    Options {
        /// The fault.
        reason: String,
    },
}

impl Error {
    /// The error for an answer that refuses. `credentials_sent` and `retry_after` are kept where the
    /// status makes them matter.
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
            },
            _ => Self::Invalid {
                registry,
                operation,
                answer,
            },
        }
    }

    /// The kind of failure.
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

    /// The server's answer, for the failures that have one.
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

    /// The HTTP status, for the failures that have an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answer().map(|answer| answer.status)
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
