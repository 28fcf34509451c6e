//! What went wrong with a request, as clients get it.
//!
//! ```json
//! { "error": { "kind": "not-found", "message": "...", "hint": "..." } }
//! ```

use http::StatusCode;
use lazaret_supervisor::{Error, ErrorClass, FailureKind, WorkloadFailure};
use lazaret_values::Chain;
use serde_json::{Value, json};

/// What is told about an error of the supervisor.
#[derive(Debug, Clone)]
pub struct Explained {
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Explains an error of the supervisor, in the words of the command line.
pub type Explain = fn(&Error) -> Explained;

/// The failure of a request.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    kind: &'static str,
    message: String,
    hint: Option<String>,
    /// The methods that a path has, for one that it does not have.
    pub(crate) allow: Option<String>,
}

/// The failure of a verb.
#[derive(Debug)]
pub(crate) enum Failure {
    Supervisor(Error),
    Fault(Fault),
}

impl Fault {
    /// A failure with this status, which is of this kind.
    pub(crate) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            hint: None,
            allow: None,
        }
    }

    /// The request cannot be understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "usage", message)
    }

    /// The daemon ends, so that nothing more can be said.
    pub(crate) fn ending() -> Self {
        let message = "the daemon ends; machines go on";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "other", message)
    }

    /// The failure of the supervisor.
    pub(crate) fn of(error: &Error, explain: Explain) -> Self {
        let Explained { message, hint } = explain(error);
        let (status, kind) = match error {
            // The machine is in a state in which this cannot be done.
            Error::Workload { .. } => (StatusCode::CONFLICT, "conflict"),
            error => class(error.class()),
        };
        Self {
            hint,
            ..Self::new(status, kind, message)
        }
    }

    /// The failure of a workload or a command to begin.
    pub(crate) fn workload(failure: &WorkloadFailure) -> Self {
        let (status, kind) = match failure.kind {
            FailureKind::NotFound | FailureKind::NotExecutable => class(ErrorClass::Invalid),
            FailureKind::Machine => class(ErrorClass::Machine),
        };
        Self::new(status, kind, failure.message.clone())
    }

    /// The document.
    pub(crate) fn describe(&self) -> Value {
        json!({ "error": { "kind": self.kind, "message": self.message, "hint": self.hint } })
    }
}

impl Failure {
    /// What clients get.
    pub(crate) fn into_fault(self, explain: Explain) -> Fault {
        match self {
            Self::Supervisor(error) => {
                tracing::debug!(error = %Chain(&error), "request failed");
                Fault::of(&error, explain)
            }
            Self::Fault(fault) => fault,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Supervisor(error)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The status and the name of a class: the counterpart of the command line's exit statuses.
fn class(class: ErrorClass) -> (StatusCode, &'static str) {
    match class {
        ErrorClass::Usage => (StatusCode::BAD_REQUEST, "usage"),
        ErrorClass::Auth => (StatusCode::FORBIDDEN, "auth"),
        ErrorClass::NotFound => (StatusCode::NOT_FOUND, "not-found"),
        ErrorClass::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        ErrorClass::Unreachable => (StatusCode::BAD_GATEWAY, "unreachable"),
        ErrorClass::Conflict => (StatusCode::CONFLICT, "conflict"),
        ErrorClass::Integrity => (StatusCode::BAD_GATEWAY, "integrity"),
        ErrorClass::Storage => (StatusCode::INSUFFICIENT_STORAGE, "storage"),
        ErrorClass::Machine => (StatusCode::INTERNAL_SERVER_ERROR, "machine"),
        ErrorClass::Other => (StatusCode::INTERNAL_SERVER_ERROR, "other"),
    }
}
