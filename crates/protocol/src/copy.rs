//! Copies into and out of a machine, as tar archives over the streams of a session.
//!
//! ```text
//! guest                              host
//!   | <------ Open(n, Copy) ---------- |
//!   | <= Input: archive (Unpack) ===== |
//!   | == Output: archive (Pack) =====> |
//!   | == Errors: CopyReports ========> |     one line of JSON each
//!   | -- Exit(n) --------------------> |
//! ```

use serde::{Deserialize, Serialize};

/// A copy. Paths are in the workload's root, relative to `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyRequest {
    /// Write an archive of a file or folder to the output.
    Pack {
        /// Its path. With `/.` at its end it stands for the content of a folder.
        path: String,
        /// Whether a link at the end of the path is followed.
        follow: bool,
    },
    /// Unpack the archive that is the input.
    Unpack {
        /// Where it goes.
        path: String,
        /// Whether it is an archive of somebody else, which goes into a folder as it is. Otherwise it
        /// holds one file or folder, and `path` may be its new name.
        foreign: bool,
        /// Whether owners are kept. Otherwise everything belongs to root.
        owners: bool,
    },
}

/// A message of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyReport {
    /// Something is left out, or is not as it was.
    Warning(String),
    /// The copy failed.
    Failed {
        /// The class of the failure.
        fault: CopyFault,
        /// The failed operation, its object and the reason, in one line.
        message: String,
    },
    /// The copy is complete.
    Done {
        /// Number of files, links and other objects that are no folders.
        files: u64,
        /// Length of all files in bytes, with their holes.
        bytes: u64,
    },
}

/// The class of a failed copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyFault {
    /// Something does not exist.
    NotFound,
    /// Something else is in the way.
    Conflict,
    /// The archive breaks a rule.
    Invalid,
    /// A file cannot be read or written, or the disk is full.
    Storage,
}
