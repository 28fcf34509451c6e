//! What was not converted, and why.

use std::fmt;

use super::origin::Origin;

/// A statement that has no place in the converted configuration, or only a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The statement.
    pub origin: Origin,
    /// Why it is not converted, or what is done instead.
    pub reason: &'static str,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.reason)
    }
}

/// Collects what is left.
#[derive(Debug, Default)]
pub(super) struct Report {
    left: Vec<Left>,
}

impl Report {
    /// Adds a statement.
    pub(super) fn leave(&mut self, origin: &Origin, reason: &'static str) {
        self.left.push(Left {
            origin: origin.clone(),
            reason,
        });
    }

    /// All that is left, in the order of the files, each reason of a line once.
    pub(super) fn finish(mut self) -> Vec<Left> {
        self.left
            .sort_by(|one, other| (&one.origin, one.reason).cmp(&(&other.origin, other.reason)));
        self.left.dedup();
        self.left
    }
}
