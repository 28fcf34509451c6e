//! Classes and hints for a mirror, and for the configuration of container engines.

use lazaret_mirror::Error;
use lazaret_node::install;
use lazaret_supervisor::ErrorClass;

/// The class of a mirror's failure.
pub(super) fn class(error: &Error) -> ErrorClass {
    match error {
        Error::NotFound { .. } => ErrorClass::NotFound,
        Error::Refused { .. } | Error::Forbidden { .. } => ErrorClass::Auth,
        Error::Unavailable { .. } => ErrorClass::Unreachable,
        Error::Integrity { .. } => ErrorClass::Integrity,
        Error::Store(_) | Error::Files(_) | Error::Full { .. } => ErrorClass::Storage,
        _ => ErrorClass::Other,
    }
}

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Refused { upstream, .. } => Some(format!(
            "look at the credentials of {upstream} in the configuration; without any, `lazaret login {upstream}`"
        )),
        Error::Unavailable {
            retry_after,
            is_rate_limited: true,
            ..
        } => Some(format!("try again in {} seconds", retry_after.as_secs())),
        Error::Forbidden { .. } => Some("`lazaret mirror plan` shows what is mirrored".to_owned()),
        _ => None,
    }
}

/// The class of a failure to configure engines.
pub(super) fn install_class(error: &install::Error) -> ErrorClass {
    use install::Error as Fault;
    match error {
        Fault::NoRecord { .. } => ErrorClass::NotFound,
        Fault::Files(_) => ErrorClass::Storage,
        Fault::Busy { .. } | Fault::Stale { .. } | Fault::Conflict { .. } => ErrorClass::Conflict,
        _ => ErrorClass::Invalid,
    }
}

/// The advice for a failure to configure engines, if there is any.
pub(super) fn install_hint(error: &install::Error) -> Option<String> {
    use install::Error as Fault;
    match error {
        Fault::NoRecord { .. } => {
            Some("nothing was installed from here; --fs-root names another root".to_owned())
        }
        Fault::Merge { add, .. } => Some(format!("add this to it:\n{add}")),
        _ => None,
    }
}
