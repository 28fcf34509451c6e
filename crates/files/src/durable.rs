//! Publishing files so that a crash at any instant leaves the old state or the new one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, io};
use crate::locked::{LockedDir, LockedDirs};

/// Whether publications survive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Files and folders are synced before anything is acknowledged.
    Synced,
    /// Nothing is synced: for stores that live no longer than their process.
    Ephemeral,
}

impl Durability {
    /// Makes the content of a file durable.
    pub fn sync_file(self, file: &File, path: &Path) -> Result<(), Error> {
        match self {
            Self::Synced => file.sync_all().map_err(io("sync", path)),
            Self::Ephemeral => Ok(()),
        }
    }

    /// Makes the entries of a folder durable.
    pub fn sync_dir(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Synced => File::open(path)
                .and_then(|dir| dir.sync_all())
                .map_err(io("sync the folder", path)),
            Self::Ephemeral => Ok(()),
        }
    }

    /// Creates a folder and its parents, each durably.
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

    /// Renames a staged file to its final place. The file's content is already synced.
    pub fn publish(self, staged: &Path, target: &Path) -> Result<(), Error> {
        self.in_parent(target, || fs::rename(staged, target))
    }

    /// Removes a file; `false` when there was none.
    pub fn remove(self, target: &Path) -> Result<bool, Error> {
        match fs::remove_file(target) {
            Ok(()) => {}
            Err(error) if is_absent(&error) => return Ok(false),
            Err(error) => return Err(io("remove", target)(error)),
        }
        self.sync_dir(parent(target).unwrap_or(Path::new(".")))?;
        Ok(true)
    }

    /// Runs an operation on an entry of a folder that may have to be created first.
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

/// Whether a lookup failed because nothing is there.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Turns "nothing is there" into `None`.
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
    pub fn publish_bytes(&self, target: &Path, bytes: &[u8]) -> Result<(), Error> {
        let staged = self.path();
        let mut file = File::create_new(&staged).map_err(io("create", &staged))?;
        let outcome = file
            .write_all(bytes)
            .map_err(io("write", &staged))
            .and_then(|()| self.durability.sync_file(&file, &staged))
            .and_then(|()| self.durability.publish(&staged, target));
        if outcome.is_err() {
            let _ = fs::remove_file(&staged);
        }
        outcome
    }
}

/// The entries of a folder, none when it does not exist.
pub fn children(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        outcome => outcome.map_err(io("list the folder", folder))?,
    };
    entries
        .map(|entry| Ok(entry.map_err(io("list the folder", folder))?.path()))
        .collect()
}
