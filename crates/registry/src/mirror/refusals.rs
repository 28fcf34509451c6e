//! Turns errors of the mirror into answers.
//!
//! A client goes on by itself after 404 and 503, and asks the next mirror or the upstream; 429 would make it
//! ask again and again, and 401 would send it to get credentials that are not its own.

use http::{StatusCode, header};
use lazaret_content::ManifestSelector;
use lazaret_mirror::Error;
use lazaret_oci::Digest;
use lazaret_oci::wire::{ErrorCode, ErrorEntry};
use lazaret_values::Chain;

use crate::act::Reference;
use crate::message::Refusal;

/// The answer to a request for a manifest.
pub(super) fn of_manifest(error: &Error, selector: &ManifestSelector) -> Refusal {
    let reference = Reference::from(selector);
    let absent = |why: &str| {
        let message = format!("manifest {reference}: {why}");
        Refusal::new(ErrorCode::ManifestUnknown, message)
    };
    refusal(error, absent)
}

/// The answer to a request for a blob.
pub(super) fn of_blob(error: &Error, digest: &Digest) -> Refusal {
    refusal(error, |why| {
        Refusal::new(ErrorCode::BlobUnknown, format!("blob {digest}: {why}"))
    })
}

/// The answer to a request for a listing.
pub(super) fn of_repository(error: &Error) -> Refusal {
    refusal(error, |why| Refusal::new(ErrorCode::NameUnknown, why))
}

fn refusal(error: &Error, absent: impl Fn(&str) -> Refusal) -> Refusal {
    match error {
        Error::NotFound { .. } | Error::Refused { .. } => absent(&error.to_string()),
        Error::Unavailable { retry_after, .. } => {
            let seconds = retry_after.as_secs().max(1).to_string();
            own(StatusCode::SERVICE_UNAVAILABLE, error).header(header::RETRY_AFTER, &seconds)
        }
        Error::Full { .. } => own(StatusCode::INSUFFICIENT_STORAGE, error),
        Error::Integrity { .. } => own(StatusCode::BAD_GATEWAY, error),
        Error::Forbidden { .. } => Refusal::new(ErrorCode::Denied, error.to_string()),
        Error::Program { .. } | Error::Stopped => {
            tracing::error!(error = %Chain(error), "the mirror failed");
            own(StatusCode::SERVICE_UNAVAILABLE, error).header(header::RETRY_AFTER, "5")
        }
        _ => {
            tracing::error!(error = %Chain(error), "the mirror failed");
            Refusal::internal("the mirror's storage failed")
                .status(StatusCode::SERVICE_UNAVAILABLE)
                .header(header::RETRY_AFTER, "5")
        }
    }
}

/// A failure with a code that is not in the specification.
fn own(status: StatusCode, error: &Error) -> Refusal {
    let entry = ErrorEntry {
        code: "UPSTREAM".to_owned(),
        message: error.to_string(),
        detail: serde_json::Value::Null,
    };
    Refusal::many(status, vec![entry])
}
