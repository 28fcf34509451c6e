//! The exceptions from checks, with their reasons. There are none elsewhere.
//!
//! An exception that no longer excuses a fault is a fault itself, so the lists only shrink.

use super::fault::{Check, Fault};

/// The path of this file, for messages.
pub(crate) const PATH: &str = "xtask/src/tidy/exceptions.rs";

/// A fault that is accepted.
pub(crate) struct Exception {
    /// The check.
    pub(crate) check: Check,
    /// The file, or for arrows `from.rs -> to.rs`.
    pub(crate) subject: &'static str,
    /// The reason that it is accepted.
    pub(crate) reason: &'static str,
}

/// All accepted faults.
pub(crate) const EXCEPTIONS: &[Exception] = &[];

/// The arrows that the check of circles ignores.
pub(crate) fn cut_arrows() -> Vec<&'static str> {
    EXCEPTIONS
        .iter()
        .filter(|exception| exception.check == Check::Circle)
        .map(|exception| exception.subject)
        .collect()
}

/// Removes the excused faults, and adds a fault for every exception that excuses none. Exceptions
/// of circles excuse nothing here: their arrows are cut before circles are searched.
pub(crate) fn settle(faults: Vec<Fault>, exceptions: &[Exception]) -> Vec<Fault> {
    let excuses = |exception: &Exception, fault: &Fault| {
        fault.check == exception.check && fault.subject == exception.subject
    };
    let mut left = Vec::new();
    for exception in exceptions {
        if exception.reason.is_empty() {
            let text = format!("the exception for {} needs a reason", exception.subject);
            left.push(Fault::new(exception.check, PATH, 0, text));
        }
        let idle = !faults.iter().any(|fault| excuses(exception, fault));
        if idle && exception.check != Check::Circle {
            let (check, subject) = (exception.check, exception.subject);
            let text = format!("the exception {check:?} for {subject} excuses nothing: remove it");
            left.push(Fault::new(check, PATH, 0, text));
        }
    }
    let stays = |fault: &Fault| !exceptions.iter().any(|exception| excuses(exception, fault));
    left.extend(faults.into_iter().filter(stays));
    left
}
