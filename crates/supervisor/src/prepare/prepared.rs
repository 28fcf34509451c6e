//! The value that stands between preparing and holding.

use lazaret_vm::Qemu;

use super::notice::Notice;
use crate::machines::Design;

/// A run that is settled. It keeps what it needs in the store from being pruned.
#[derive(Debug)]
pub struct Prepared {
    /// What the machine is made from.
    pub(crate) design: Design,
    /// What will execute it.
    pub(crate) qemu: Qemu,
    pub(super) notices: Vec<Notice>,
}

impl Prepared {
    /// What the user should know before it runs.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}
