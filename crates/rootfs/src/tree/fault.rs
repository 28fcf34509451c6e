//! Failures of operations on the tree.

use crate::error::{EntryFault, Error};
use crate::path::TreePath;

/// A failure, before the entry is known.
#[derive(Debug)]
pub(super) enum Fault {
    Entry(EntryFault),
    Other(Error),
}

impl Fault {
    pub(super) fn at(self, path: &TreePath) -> Error {
        match self {
            Self::Entry(fault) => Error::entry(path.as_bytes(), fault),
            Self::Other(error) => error,
        }
    }
}

impl From<EntryFault> for Fault {
    fn from(fault: EntryFault) -> Self {
        Self::Entry(fault)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}
