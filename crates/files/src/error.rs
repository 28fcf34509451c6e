//! A refusal of the file system.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An operation that the file system refused.
#[derive(Debug, Error)]
#[error("failed to {action} {}", path.display())]
pub struct Error {
    /// The attempt, as in "failed to {action}".
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's reason.
    pub source: io::Error,
}

/// Names the action and path of an I/O error.
pub fn io<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| Error {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Like [`io`], for system calls.
pub fn sys<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(rustix::io::Errno) -> Error + Copy + 'a {
    move |errno| io(action, path)(errno.into())
}
