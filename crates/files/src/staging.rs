//! Staging space inside a store, which goes with its process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::durable::Durability;
use crate::error::Error;
use crate::locked::{LockedDir, LockedDirs};

/// Staging space of one process inside a store. The next process removes it if this one dies.
#[derive(Debug)]
pub struct Staging {
    dir: LockedDir,
    next: AtomicU64,
    /// Whether what it publishes survives a power loss.
    pub durability: Durability,
}

impl Staging {
    /// Sweeps what dead processes left in `parent` and takes a folder there.
    ///
    /// # Errors
    /// [`Error`] when folders cannot be made or removed.
    pub fn open(parent: &Path, durability: Durability) -> Result<Self, Error> {
        durability.create_dirs(parent)?;
        let dirs = LockedDirs::new(parent);
        dirs.sweep()?;
        Ok(Self {
            dir: dirs.create()?,
            next: AtomicU64::new(0),
            durability,
        })
    }

    /// A path that nothing else uses.
    pub fn path(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.dir.path().join(number.to_string())
    }

    /// Writes a whole file to its final place, replacing what is there in one step.
    ///
    /// # Errors
    /// [`Error`]; what was there stays.
    pub fn publish_bytes(&self, target: &Path, bytes: &[u8]) -> Result<(), Error> {
        let staged = self.path();
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
