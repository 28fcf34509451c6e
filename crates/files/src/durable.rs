//! Publishes files so that a crash at any instant leaves either the old state or the new one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::absent::is_absent;
use crate::error::{Error, io};

/// Whether published files survive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Files and folders are synced before anything is acknowledged.
    Synced,
    /// Nothing is synced, for stores that do not outlive their process.
    Ephemeral,
}

impl Durability {
    /// Syncs the content of a file.
    ///
    /// # Errors
    /// [`Error`] when the disk refuses.
    pub fn sync_file(self, file: &File, path: &Path) -> Result<(), Error> {
        match self {
            Self::Synced => file.sync_all().map_err(io("sync", path)),
            Self::Ephemeral => Ok(()),
        }
    }

    /// Syncs the entries of a folder.
    ///
    /// # Errors
    /// [`Error`] when the folder does not exist or the disk refuses.
    pub fn sync_dir(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Synced => File::open(path)
                .and_then(|dir| dir.sync_all())
                .map_err(io("sync the folder", path)),
            Self::Ephemeral => Ok(()),
        }
    }

    /// Creates a folder and its parents, each durably.
    ///
    /// # Errors
    /// [`Error`] when one of them cannot be made.
    pub fn create_dirs(self, path: &Path) -> Result<(), Error> {
        match fs::create_dir(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some(parent) = parent(path) else {
                    return Err(io("create the folder", path)(error));
                };
                self.create_dirs(parent)?;
                match fs::create_dir(path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    outcome => outcome.map_err(io("create the folder", path))?,
                }
            }
            Err(error) => return Err(io("create the folder", path)(error)),
        }
        self.sync_dir(parent(path).unwrap_or(Path::new(".")))
    }

    /// Creates a file, which must not exist yet, and writes it. Its name is durable only when its
    /// folder is synced too.
    ///
    /// # Errors
    /// [`Error`] when there is a file of that name, or writing fails.
    pub fn create_file(self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let mut file = File::create_new(path).map_err(io("create", path))?;
        file.write_all(bytes).map_err(io("write", path))?;
        self.sync_file(&file, path)
    }

    /// Renames a staged file to its final path. The folder of that path is made if it is missing;
    /// the file's content must be synced already.
    ///
    /// # Errors
    /// [`Error`] when the rename is refused.
    pub fn publish(self, staged: &Path, target: &Path) -> Result<(), Error> {
        self.in_parent(target, || fs::rename(staged, target))
    }

    /// Removes a file; `false` when it did not exist.
    ///
    /// # Errors
    /// [`Error`] when the file exists and cannot be removed.
    pub fn remove(self, target: &Path) -> Result<bool, Error> {
        match fs::remove_file(target) {
            Ok(()) => {}
            Err(error) if is_absent(&error) => return Ok(false),
            Err(error) => return Err(io("remove", target)(error)),
        }
        self.sync_dir(parent(target).unwrap_or(Path::new(".")))?;
        Ok(true)
    }

    /// Runs an operation on an entry of a folder, which is created if it is missing.
    fn in_parent(self, target: &Path, operation: impl Fn() -> io::Result<()>) -> Result<(), Error> {
        let folder = parent(target).unwrap_or(Path::new("."));
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create_dirs(folder)?;
                operation().map_err(io("publish", target))?;
            }
            outcome => outcome.map_err(io("publish", target))?,
        }
        self.sync_dir(folder)
    }
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|path| !path.as_os_str().is_empty())
}
