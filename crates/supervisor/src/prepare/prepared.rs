//! The value that `prepare` gives and `machines` take.

use super::notice::Notice;
use crate::machines::Design;

/// A settled run. It keeps the content that it needs in the store from being pruned.
#[derive(Debug)]
pub struct Prepared {
    /// The design of the machine.
    pub(crate) design: Design,
    pub(super) notices: Vec<Notice>,
}

impl Prepared {
    /// The notices that the user should see before it runs.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}
