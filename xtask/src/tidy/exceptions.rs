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

/// Folders in which a check does not hold yet.
pub(crate) const UNSETTLED: &[(Check, &str)] = &[
    (Check::Upward, "crates/supervisor/"),
    (Check::Upward, "crates/vm/"),
    (Check::Circle, "crates/guest/"),
    (Check::Circle, "crates/vm/"),
    (Check::ModuleStyle, "crates/supervisor/"),
    (Check::ModuleStyle, "crates/vm/"),
    (Check::ModuleStyle, "fuzz/"),
    (Check::ModuleStyle, "tests/"),
    (Check::SiblingTests, "crates/guest/"),
    (Check::SiblingTests, "crates/supervisor/"),
    (Check::SiblingTests, "crates/vm/"),
    (Check::Units, "crates/images/"),
    (Check::Documents, "ARCHITECTURE.md"),
];

/// The arrows that the check of circles leaves out.
pub(crate) fn cut_arrows() -> Vec<&'static str> {
    EXCEPTIONS
        .iter()
        .filter(|exception| exception.check == Check::Circle)
        .map(|exception| exception.subject)
        .collect()
}

/// Takes away what is excused and adds a fault for every exception that excuses nothing.
/// Circles see only to their folders here: their arrows are cut before circles are looked for.
pub(crate) fn settle(
    faults: Vec<Fault>,
    exceptions: &[Exception],
    unsettled: &[(Check, &str)],
) -> Vec<Fault> {
    let excuses = |exception: &Exception, fault: &Fault| {
        fault.check == exception.check && fault.subject == exception.subject
    };
    let waits = |(check, folder): &(Check, &str), fault: &Fault| {
        fault.check == *check && fault.path.starts_with(folder)
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
    for entry in unsettled {
        if !faults.iter().any(|fault| waits(entry, fault)) {
            let (check, folder) = entry;
            let text = format!("{check:?} holds in {folder} now: remove it from UNSETTLED");
            left.push(Fault::new(*check, PATH, 0, text));
        }
    }
    left.extend(faults.into_iter().filter(|fault| {
        !exceptions.iter().any(|exception| excuses(exception, fault))
            && !unsettled.iter().any(|entry| waits(entry, fault))
    }));
    left
}
