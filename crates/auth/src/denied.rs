//! Requests that may not go on.

use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};
use lazaret_oci::wire::ErrorCode;
use thiserror::Error;

use crate::header::Malformed;

/// A request that may not go on. Every kind has its status, its code of the specification and
/// its headers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Denied {
    /// The sender must be known, or better known. `401`.
    #[error("authentication required: {reason}")]
    Unauthorized {
        /// The thing that is missing or wrong; nothing that helps to guess.
        reason: &'static str,
        /// Value of `WWW-Authenticate`.
        challenge: String,
    },
    /// The sender is known and may not. `403`.
    #[error("{user} may not {needed}")]
    Forbidden {
        /// The sender's name.
        user: String,
        /// The right that is missing, such as `push acme/app`.
        needed: String,
    },
    /// Too much in too short a time. `429`.
    #[error("too many {what}, try again in {} s", seconds(*.retry_after))]
    TooMany {
        /// Requests, or failed logins.
        what: &'static str,
        /// Time after which it is worth to try again.
        retry_after: Duration,
    },
    /// The request itself is broken. `400`.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// There is no token service. `404`.
    #[error("there is no token service")]
    Absent,
    /// Those who know who asks cannot be reached. `503`.
    #[error("failed to verify the credential: {0}")]
    Unavailable(String),
}

impl Denied {
    /// Status of the answer.
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

    /// Code in the error body.
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

    /// The word in the audit log and in metrics.
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

    /// Headers of the answer.
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

/// Whole seconds, rounded up, at least one.
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}
