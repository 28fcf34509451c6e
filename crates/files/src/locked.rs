//! Folders that exist as long as the process that holds them.
//!
//! ```text
//! absent --create--> held (flock on the folder) --remove, drop--> absent
//!                      \--process dies--> abandoned --sweep--> absent
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::absent::{is_absent, optional};
use crate::error::{Error, io, sys};
use crate::random::random_hex;

const PREFIX: &str = "lazaret-";
const RANDOM_BYTES: usize = 8;

/// A parent folder in which processes keep [`LockedDir`]s. Other entries are left alone.
#[derive(Debug, Clone)]
pub struct LockedDirs {
    parent: PathBuf,
}

impl LockedDirs {
    /// The folders below `parent`, which is made with its parents when a folder is created.
    #[must_use]
    pub fn new(parent: impl Into<PathBuf>) -> Self {
        Self {
            parent: parent.into(),
        }
    }

    /// Creates an empty folder (mode 0700) that only this process uses.
    ///
    /// # Errors
    /// [`Error`].
    pub fn create(&self) -> Result<LockedDir, Error> {
        // Between `mkdir` and `flock` a sweep may take the folder for an abandoned one. Then the
        // lock fails or the folder is gone, and another folder is made.
        for _ in 0..100 {
            let path = self
                .parent
                .join(format!("{PREFIX}{}", random_hex(RANDOM_BYTES)));
            use std::os::unix::fs::DirBuilderExt as _;
            let make = || fs::DirBuilder::new().mode(0o700).create(&path);
            let made = match make() {
                Err(error) if is_absent(&error) => {
                    fs::create_dir_all(&self.parent)
                        .map_err(io("create the folder", &self.parent))?;
                    make()
                }
                made => made,
            };
            made.map_err(io("create the folder", &path))?;
            if let Some(lock) = lock_folder(&path)? {
                return Ok(LockedDir {
                    path,
                    lock: Some(lock),
                });
            }
        }
        Err(io("lock a folder in", &self.parent)(
            io::ErrorKind::ResourceBusy.into(),
        ))
    }

    /// Removes all folders whose process has ended; returns their paths.
    ///
    /// # Errors
    /// [`Error`]; folders that came before the failing one are already removed.
    pub fn sweep(&self) -> Result<Vec<PathBuf>, Error> {
        self.sweep_with(|_| {})
    }

    /// Like [`LockedDirs::sweep`]. `before` is called with each folder before it is removed, while
    /// the folder is complete and no other sweep can touch it.
    ///
    /// # Errors
    /// As [`LockedDirs::sweep`].
    pub fn sweep_with(&self, mut before: impl FnMut(&Path)) -> Result<Vec<PathBuf>, Error> {
        let entries = match fs::read_dir(&self.parent) {
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            outcome => outcome.map_err(io("list the folder", &self.parent))?,
        };
        let mut swept = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io("list the folder", &self.parent))?;
            let ours = entry.file_name().to_str().is_some_and(is_name);
            if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            if let Some(_lock) = lock_folder(&path)? {
                before(&path);
                match remove(&path) {
                    Ok(()) => swept.push(path),
                    // It is left to a process that may remove it.
                    Err(error) if is_forbidden(&error.source) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(swept)
    }
}

/// A folder that is removed when this value is dropped, or by the next
/// [`LockedDirs::sweep`] after the process died.
#[derive(Debug)]
pub struct LockedDir {
    path: PathBuf,
    lock: Option<File>,
}

impl LockedDir {
    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder another name in the same file system, under which it stays. The lock goes on
    /// with the returned file.
    ///
    /// # Errors
    /// [`Error`] when something has that name already; the folder is then removed.
    pub fn keep(mut self, name: &Path) -> Result<File, Error> {
        fs::rename(&self.path, name).map_err(io("name the folder", name))?;
        self.lock
            .take()
            .ok_or_else(|| io("lock", name)(io::ErrorKind::NotFound.into()))
    }

    /// Removes the folder now, and reports a failure.
    ///
    /// # Errors
    /// [`Error`]; the next sweep tries again.
    pub fn remove(mut self) -> Result<(), Error> {
        let _lock = self.lock.take();
        remove(&self.path)
    }
}

impl Drop for LockedDir {
    fn drop(&mut self) {
        if self.lock.is_some()
            && let Err(error) = remove(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "scratch folder not removed");
        }
    }
}

fn is_name(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == RANDOM_BYTES * 2 && rest.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Locks a folder; `None` when another process has the lock or the folder does not exist. The lock
/// ends with the last copy of the returned file.
///
/// # Errors
/// [`Error`] when the folder cannot be opened, or its file system has no locks.
pub fn lock_folder(path: &Path) -> Result<Option<File>, Error> {
    let dir = match File::open(path) {
        Err(error) if is_absent(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
            return Ok(None);
        }
        outcome => outcome.map_err(io("open the folder", path))?,
    };
    if try_flock(&dir, FlockOperation::NonBlockingLockExclusive, path)? && is_still_at(&dir, path)?
    {
        Ok(Some(dir))
    } else {
        Ok(None)
    }
}

/// Whether `path` still leads to `file`, and not to another file or to none.
///
/// # Errors
/// [`Error`] when one of them cannot be inspected.
pub fn is_still_at(file: &File, path: &Path) -> Result<bool, Error> {
    use std::os::unix::fs::MetadataExt as _;
    let held = file.metadata().map_err(io("inspect", path))?;
    let found = optional(fs::symlink_metadata(path), "inspect", path)?;
    Ok(found.is_some_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino())))
}

/// Tries to take a lock; `false` when it is held elsewhere.
///
/// # Errors
/// [`Error`] when the file system does not support locks.
pub fn try_flock(file: &File, operation: FlockOperation, path: &Path) -> Result<bool, Error> {
    match rustix::io::retry_on_intr(|| flock(file, operation)) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(sys("lock", path)(errno)),
    }
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if is_absent(&error) => Ok(()),
        outcome => outcome.map_err(io("remove the folder", path)),
    }
}

#[cfg(test)]
mod tests;
