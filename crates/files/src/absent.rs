//! Treats absent files as a result instead of a failure.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, io};

/// Whether an operation failed because the file or folder does not exist.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Turns the error of an absent file into `None`.
///
/// # Errors
/// [`Error`] for every other failure.
pub fn optional<T>(
    outcome: io::Result<T>,
    action: &'static str,
    path: &Path,
) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(io(action, path)(error)),
    }
}

/// The paths of a folder's entries; empty when the folder does not exist.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub fn children(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        outcome => outcome.map_err(io("list the folder", folder))?,
    };
    entries
        .map(|entry| Ok(entry.map_err(io("list the folder", folder))?.path()))
        .collect()
}
