//! What can go wrong when talking to a registry.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lazaret_oci::Digest;
use lazaret_oci::wire::{ErrorBody, ErrorEntry};
use lazaret_values::Printable;
use thiserror::Error;

/// What the server answered to a failed request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The faults of the error body, all of them.
    pub errors: Vec<ErrorEntry>,
    /// The start of a body that is no error body, printable.
    pub text: String,
}

impl Answer {
    /// Longest text kept, in characters.
    const LIMIT: usize = 2048;

    /// Reads an answer from (the start of) its body.
    #[must_use]
    pub fn parse(status: u16, body: &[u8]) -> Self {
        let errors = match serde_json::from_slice::<ErrorBody>(body) {
            Ok(parsed) => parsed.errors,
            Err(_) => Vec::new(),
        };
        let text = if errors.is_empty() {
            let body = String::from_utf8_lossy(body);
            Printable::new(body.trim()).within(Self::LIMIT).to_string()
        } else {
            String::new()
        };
        Self {
            status,
            errors,
            text,
        }
    }

    /// Whether one of the faults has `code`.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.errors.iter().any(|entry| entry.code == code)
    }

    /// Removes a secret that the server echoed.
    pub(crate) fn redact(&mut self, secret: &str) {
        if secret.len() < 4 {
            return;
        }
        let clean = |text: &mut String| {
            if text.contains(secret) {
                *text = text.replace(secret, "[redacted]");
            }
        };
        clean(&mut self.text);
        for entry in &mut self.errors {
            clean(&mut entry.code);
            clean(&mut entry.message);
            if entry.detail.to_string().contains(secret) {
                entry.detail = serde_json::Value::String("[redacted]".to_owned());
            }
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match http::StatusCode::from_u16(self.status) {
            Ok(status) => write!(f, "{status}")?,
            Err(_) => write!(f, "{}", self.status)?,
        }
        for (position, entry) in self.errors.iter().enumerate() {
            let lead = if position == 0 { ": " } else { "; " };
            write!(f, "{lead}{}", Printable::new(&entry.code))?;
            if !entry.message.is_empty() {
                write!(f, ": {}", Printable::new(&entry.message))?;
            }
        }
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        Ok(())
    }
}

/// The kinds of failure that a caller treats differently (exit codes, statuses, retries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Credentials are missing or wrong.
    Unauthorized,
    /// Credentials are not enough.
    Denied,
    /// The object does not exist.
    NotFound,
    /// The server refused the content or the request.
    Invalid,
    /// The server cannot be reached or fails.
    Unreachable,
    /// The object is in a state that forbids the request.
    Conflict,
    /// Content differs from its digest or size.
    Integrity,
    /// Too many requests.
    RateLimited,
    /// The peer broke the protocol or asked for something unsafe.
    Protocol,
    /// A local file, helper or stream failed.
    Local,
}

/// A failed operation on a registry.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Credentials are missing or wrong (401).
    #[error("failed to {operation}: {registry} wants credentials: {answer}")]
    Unauthorized {
        /// The registry, or the token server.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said.
        answer: Box<Answer>,
        /// Whether credentials were sent.
        credentials_sent: bool,
    },
    /// Credentials are not enough (403).
    #[error("failed to {operation}: {registry} denied it: {answer}")]
    Denied {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// Not there (404).
    #[error("failed to {operation}: not found in {registry}: {answer}")]
    NotFound {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// The server refused the content or the request (other 4xx).
    #[error("failed to {operation}: {registry} refused it: {answer}")]
    Invalid {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said; its entries carry JSON pointers in `detail`.
        answer: Box<Answer>,
    },
    /// The object is in a state that forbids the request (409, 412).
    #[error("failed to {operation}: conflict in {registry}: {answer}")]
    Conflict {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// Too many requests (429), after all tries.
    #[error("failed to {operation}: {registry} limits the rate of requests: {answer}")]
    RateLimited {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said.
        answer: Box<Answer>,
        /// How long it asked to wait.
        retry_after: Option<Duration>,
    },
    /// The server failed (5xx), after all tries.
    #[error("failed to {operation}: {registry} failed: {answer}")]
    Server {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// The server cannot be reached, after all tries.
    #[error("failed to {operation}: cannot reach {registry}: {reason}")]
    Unreachable {
        /// The registry, or the other host it pointed to.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// What the network said.
        reason: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// Content differs from its digest or size.
    #[error(
        "failed to {operation}: content from {registry} is not what was asked for: \
         expected {expected}{}, got {actual} ({bytes} bytes)", size_text(*.expected_bytes)
    )]
    Integrity {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
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
        /// What was tried, with its object.
        operation: String,
        /// What it did, as the rest of a sentence that starts with its name.
        reason: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// The document received or sent breaks the image specification.
    #[error("failed to {operation}: bad document from {registry}")]
    Document {
        /// The registry.
        registry: String,
        /// What was tried, with its object.
        operation: String,
        /// Which rule it breaks.
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
        /// What was tried, with its object.
        operation: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A credential file cannot be used. Its content is never shown.
    #[error("credential file {path}: {reason}")]
    CredentialFile {
        /// The file, or the name of the setting that held its content.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A credential helper failed. What it wrote to its standard output is never shown.
    #[error("credential helper {helper} for {server}: {reason}")]
    CredentialHelper {
        /// The program.
        helper: String,
        /// The registry it was asked about.
        server: String,
        /// What went wrong.
        reason: String,
    },
    /// A URL that is not downloaded from.
    #[error("cannot download from '{url}': {reason}")]
    Url {
        /// As given.
        url: String,
        /// Why not.
        reason: &'static str,
    },
    /// The options given to the client cannot be used.
    #[error("client options: {reason}")]
    Options {
        /// What is wrong.
        reason: String,
    },
}

impl Error {
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

    /// What the server answered, for the failures that have an answer.
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

    /// What the user can do about it, when that is not obvious from the message.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unauthorized {
                registry,
                credentials_sent: false,
                ..
            } => Some(format!("log in first: lazaret login {registry}")),
            Self::Unauthorized { registry, .. } => Some(format!(
                "the stored credentials were not accepted; replace them: lazaret login {registry}"
            )),
            Self::Denied { .. } => {
                Some("ask for access, or log in as someone who has it".to_owned())
            }
            Self::RateLimited {
                retry_after: Some(wait),
                ..
            } => Some(format!("try again in {} s", wait.as_secs().max(1))),
            Self::RateLimited { registry, .. } => Some(format!(
                "wait a while, or log in for a higher limit: lazaret login {registry}"
            )),
            Self::Integrity { .. } => Some(
                "nothing was kept; try again, and report it to the registry's operator if it stays"
                    .to_owned(),
            ),
            Self::Unreachable { hint, .. } | Self::Protocol { hint, .. } => hint.clone(),
            Self::Document { source, .. } => source.hint(),
            Self::CredentialHelper { helper, .. } => Some(format!(
                "install or unlock {helper}, or log in again to keep the credentials in lazaret's own file"
            )),
            Self::CredentialFile { path, .. } => {
                Some(format!("correct or remove {}", path.display()))
            }
            _ => None,
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
