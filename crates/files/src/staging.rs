//! Staging folders inside a store, which are removed with their process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::durable::Durability;
use crate::error::Error;
use crate::own_dir::OwnDir;

/// The staging folder of one process inside a store. If this process dies, the next one removes it.
#[derive(Debug)]
pub struct Staging {
    dir: OwnDir,
    next: AtomicU64,
    /// Whether the files that it publishes survive a power loss.
    pub durability: Durability,
}

impl Staging {
    /// Removes folders in `parent` that dead processes left. The one of this process is made when
    /// the first file is staged.
    ///
    /// # Errors
    /// [`Error`] when folders cannot be removed.
    pub fn open(parent: &Path, durability: Durability) -> Result<Self, Error> {
        Ok(Self {
            dir: OwnDir::open(parent)?,
            next: AtomicU64::new(0),
            durability,
        })
    }

    /// A new path in the folder, for one file.
    ///
    /// # Errors
    /// [`Error`] when the folder cannot be made.
    pub fn path(&self) -> Result<PathBuf, Error> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(self.dir.path()?.join(number.to_string()))
    }

    /// Writes a whole file to its final path; an existing file is replaced in one step.
    ///
    /// # Errors
    /// [`Error`]; an existing file stays.
    pub fn publish_bytes(&self, target: &Path, bytes: &[u8]) -> Result<(), Error> {
        let staged = self.path()?;
        let durability = self.durability;
        let outcome = durability
            .create_file(&staged, bytes)
            .and_then(|()| durability.publish(&staged, target));
        if outcome.is_err() {
            let _ = fs::remove_file(&staged);
        }
        outcome
    }
}
