//! Errors of the file system.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An operation that failed in the file system.
#[derive(Debug, Error)]
#[error("failed to {action} {}", path.display())]
pub struct Error {
    /// The attempted action, which completes "failed to {action}".
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The error of the operating system.
    pub source: io::Error,
}

/// Adds the action and the path to an I/O error.
pub fn io<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| Error {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Like [`io`], for errors of system calls.
pub fn sys<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(rustix::io::Errno) -> Error + Copy + 'a {
    move |errno| io(action, path)(errno.into())
}
