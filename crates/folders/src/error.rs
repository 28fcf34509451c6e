//! The error type.

use std::io;
use std::path::PathBuf;

/// Why folders are not served, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the path.
    #[error("there is no folder or file {} on this host", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A folder or file cannot be opened.
    #[error("failed to open {}", path.display())]
    Open {
        /// Its path.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It is neither a folder nor a regular file, or of a kind of file system that is not served.
    #[error("{} is {kind}, which no machine gets", path.display())]
    Kind {
        /// Its path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// This process cannot be confined.
    #[error("failed to confine the server of folders: {part}")]
    Confine {
        /// The part that fails.
        part: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// The stream broke.
    #[error("failed to read or write the stream of requests")]
    Stream {
        /// The reason.
        source: io::Error,
    },
    /// The guest sent something that is no request.
    #[error("the guest broke the protocol: {reason}")]
    Protocol {
        /// The rule that it broke.
        reason: &'static str,
    },
}
