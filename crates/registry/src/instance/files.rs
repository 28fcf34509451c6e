//! Reads small files that settings name.

use std::path::Path;

use crate::Error;

/// Reads a whole file.
///
/// # Errors
/// Fails when it cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}
