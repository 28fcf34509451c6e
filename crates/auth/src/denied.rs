//! The reasons that requests are refused.

use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};
use lazaret_oci::wire::ErrorCode;
use thiserror::Error;

use crate::header::Malformed;

/// The reason that a request is refused. Each kind has an HTTP status, an error code of the
/// specification and headers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// `401`: the request needs a credential, or a better one.
    #[error("authentication required: {reason}")]
    Unauthorized {
        /// The thing that is missing or wrong; it must not help to guess.
        reason: &'static str,
        /// Value of `WWW-Authenticate`.
        challenge: String,
    },
    /// `403`: the client is identified, but not allowed to do this.
    #[error("{user} may not {needed}")]
    Forbidden {
        /// The client's user name.
        user: String,
        /// The missing right, such as `push acme/app`.
        needed: String,
    },
    /// `429`: too many requests or failed logins in too short a time.
    #[error("too many {what}, try again in {} s", seconds(*.retry_after))]
    TooMany {
        /// The thing there were too many of: requests or failed logins.
        what: &'static str,
        /// Time after which the client may try again.
        retry_after: Duration,
    },
    /// `400`: the request itself is malformed.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// `404`: there is no token service.
    #[error("there is no token service")]
    Absent,
    /// `503`: the service that verifies the credential cannot be reached.
    #[error("failed to verify the credential: {0}")]
    Unavailable(String),
}

impl Denied {
    /// The HTTP status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Absent => StatusCode::NOT_FOUND,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code in the error body.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => ErrorCode::Unauthorized.as_str(),
            Self::Forbidden { .. } => ErrorCode::Denied.as_str(),
            Self::TooMany { .. } => ErrorCode::TooManyRequests.as_str(),
            Self::Invalid(_) | Self::Absent => ErrorCode::Unsupported.as_str(),
            Self::Unavailable(_) => "UNAVAILABLE",
        }
    }

    /// The name in the audit log and in metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::TooMany { .. } => "too-many",
            Self::Invalid(_) => "invalid",
            Self::Absent => "absent",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The headers of the response.
    #[must_use]
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let header = |name, text: &str| text.parse().ok().map(|value| (name, value));
        let found = match self {
            Self::Unauthorized { challenge, .. } => header(header::WWW_AUTHENTICATE, challenge),
            Self::TooMany { retry_after, .. } => {
                header(header::RETRY_AFTER, &seconds(*retry_after).to_string())
            }
            Self::Unavailable(_) => header(header::RETRY_AFTER, "5"),
            Self::Forbidden { .. } | Self::Invalid(_) | Self::Absent => None,
        };
        found.into_iter().collect()
    }
}

impl From<Malformed> for Denied {
    fn from(fault: Malformed) -> Self {
        Self::Invalid(fault.to_string())
    }
}

/// The time in whole seconds, rounded up, and at least one.
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}
