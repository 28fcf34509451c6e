//! Classes and hints for failures to serve machines.

use lazaret_daemon::Error;
use lazaret_supervisor::ErrorClass;

/// The class of an error.
pub(super) fn class(error: &Error) -> ErrorClass {
    match error {
        Error::Taken { .. } | Error::Foreign { .. } => ErrorClass::Conflict,
        Error::Inherited => ErrorClass::Usage,
        _ => ErrorClass::Storage,
    }
}

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::Taken { .. } => "use that one, or give another place with --socket".to_owned(),
        Error::Foreign { .. } => "give another place with --socket".to_owned(),
        Error::Inherited => "the unit needs one `ListenStream=` with a path".to_owned(),
        _ => return None,
    })
}
