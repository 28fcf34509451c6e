//! Failures between this machine and a registry.

use lazaret_client::Error;

/// What the user can do about it, where there is something to do.
pub(super) fn hint(error: &Error) -> Option<String> {
    error.hint()
}
