//! Where a check does not hold, and why: the one place for exceptions.
//!
//! An exception that excuses nothing any more is a fault itself, so the lists only shrink.

use super::fault::{Check, Fault};

/// Where the lists are, for messages about them.
pub(crate) const PATH: &str = "xtask/src/tidy/exceptions.rs";

/// One fault that stays.
pub(crate) struct Exception {
    /// The check.
    pub(crate) check: Check,
    /// A file, or for arrows `from.rs -> to.rs`.
    pub(crate) subject: &'static str,
    /// Why it is better so.
    pub(crate) reason: &'static str,
}

/// Faults that stay, each with its reason.
pub(crate) const EXCEPTIONS: &[Exception] = &[];

/// The arrows that the check of circles leaves out.
pub(crate) fn cut_arrows() -> Vec<&'static str> {
    EXCEPTIONS
        .iter()
        .filter(|exception| exception.check == Check::Circle)
        .map(|exception| exception.subject)
        .collect()
}

/// Takes away what is excused and adds a fault for every exception that excuses nothing.
/// Those of circles excuse nothing here: their arrows are cut before circles are looked for.
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
