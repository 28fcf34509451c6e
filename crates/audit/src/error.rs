//! The errors of this crate.

use std::path::PathBuf;

use thiserror::Error;

use crate::Fault;

/// A log that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system failed.
    #[error(transparent)]
    Files(#[from] lazaret_files::Error),
    /// There is no log of this id.
    #[error("there is no audit log of '{id}'")]
    Absent {
        /// The id.
        id: String,
    },
    /// Another process writes to the log.
    #[error("another process writes to the audit log '{}'", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The log was changed by somebody else than its writer.
    #[error("the audit log '{}' is broken at line {line}: {fault}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The first line that is not as it was written, from 1.
        line: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The last line is not as it was written, so no chain goes on from it.
    #[error("the audit log '{}' cannot go on: its last line is broken: {fault}", path.display())]
    End {
        /// The file.
        path: PathBuf,
        /// What is wrong with the line.
        fault: Fault,
    },
}
