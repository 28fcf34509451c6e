//! A process's own folder, made when it is first asked for.

use std::path::Path;
use std::sync::OnceLock;

use crate::error::Error;
use crate::locked::{LockedDir, LockedDirs};

/// A folder of this process, which is removed with it. Nothing is made before the folder is asked
/// for, so that commands that only read work where nothing can be written.
#[derive(Debug)]
pub struct OwnDir {
    dirs: LockedDirs,
    dir: OnceLock<LockedDir>,
}

impl OwnDir {
    /// A folder in `parent`. Folders there that dead processes left are removed.
    ///
    /// # Errors
    /// [`Error`] when the folders there cannot be listed or removed.
    pub fn open(parent: &Path) -> Result<Self, Error> {
        let dirs = LockedDirs::new(parent);
        dirs.sweep()?;
        Ok(Self {
            dirs,
            dir: OnceLock::new(),
        })
    }

    /// The path of the folder, which is made if this is the first call.
    ///
    /// # Errors
    /// [`Error`] when it cannot be made.
    pub fn path(&self) -> Result<&Path, Error> {
        if let Some(dir) = self.dir.get() {
            return Ok(dir.path());
        }
        let made = self.dirs.create()?;
        // Another thread may have been faster: then the folder just made is removed again.
        Ok(self.dir.get_or_init(|| made).path())
    }
}

#[cfg(test)]
mod tests;
