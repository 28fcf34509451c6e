//! Hints for failures between this machine and a registry.

use lazaret_client::Error;

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    error.hint()
}
