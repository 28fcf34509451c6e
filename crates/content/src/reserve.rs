//! Room on a disk that content leaves free, so that deletions can still be written.

use std::path::{Path, PathBuf};

use lazaret_files::free_bytes;

use crate::Error;

/// Bytes that are to stay free on the disk of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Reserve {
    folder: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// Keeps `bytes` free; 0 keeps nothing.
    pub(crate) fn new(folder: &Path, bytes: u64) -> Self {
        let folder = folder.to_owned();
        Self { folder, bytes }
    }

    /// Number of bytes that are kept free.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fails when what is free is not more than what is to stay free.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub(crate) fn require(&self) -> Result<(), Error> {
        let is_full = |free| free <= self.bytes;
        if self.bytes > 0 && free_bytes(&self.folder).is_some_and(is_full) {
            return Err(Error::Full {
                place: self.folder.display().to_string(),
            });
        }
        Ok(())
    }
}
