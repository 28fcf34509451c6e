//! Refusals as the original gives them.

use http::StatusCode;
use lazaret_oci::wire::ErrorCode;

use crate::message::Refusal;

/// A soft failure, as the original tells all of them.
pub(super) fn unavailable(message: &str) -> Refusal {
    Refusal::new(ErrorCode::Unsupported, message).status(StatusCode::SERVICE_UNAVAILABLE)
}
