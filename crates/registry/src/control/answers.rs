//! Answers of the hosted API, with Port's members.

use http::{Response, StatusCode};
use lazaret_values::Chain;
use lazaret_variants::{Refusal, Route};

use super::plane::ControlPlane;
use crate::message::{Body, answer};

/// The reason why a request is refused.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    message: String,
}

impl Fault {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// A fault of the client.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A fault of the server, of which the client gets one sentence.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// The files of the server failed: the log has the cause.
    pub(super) fn files(error: &lazaret_files::Error) -> Self {
        tracing::error!(error = %Chain(error), "the store of a control plane failed");
        Self::internal("the control plane's storage failed")
    }
}

impl From<lazaret_files::Stopped> for Fault {
    fn from(_: lazaret_files::Stopped) -> Self {
        Self::internal("the server is stopping")
    }
}

impl From<lazaret_files::Error> for Fault {
    fn from(error: lazaret_files::Error) -> Self {
        Self::files(&error)
    }
}

/// The response to a refused request.
pub(super) fn refuse(plane: Option<&ControlPlane>, fault: Fault) -> Response<Body> {
    let refusal = Refusal {
        route: plane.map(|plane| Route::of(&plane.name)),
        message: fault.message,
    };
    let json = serde_json::to_vec(&refusal).unwrap_or_default();
    let response = answer::json_bytes(fault.status, json);
    match fault.status {
        StatusCode::UNAUTHORIZED => {
            answer::with(response, http::header::WWW_AUTHENTICATE, "Bearer")
        }
        _ => response,
    }
}
