//! The cache of converted disks.
//!
//! ```text
//! absent --claim--> building (flock) --publish--> ready --remove--> absent
//!                       \--dropped, process dies--> absent
//! ```

use std::fs::{self, File};
use std::path::PathBuf;

use lazaret_files::{children, optional, sys};
use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, io};
use crate::store::{ImageStore, Lease};

/// The result of [`ImageStore::claim_disk`].
#[derive(Debug)]
pub enum DiskClaim {
    /// The disk exists.
    Ready(PathBuf),
    /// The disk does not exist, and the caller has the right to build it.
    Build(DiskBuild),
}

/// The right to build one disk. Other claims of it wait until this is dropped.
#[derive(Debug)]
pub struct DiskBuild {
    store: ImageStore,
    staged: PathBuf,
    target: PathBuf,
    _lock: File,
    _lease: Lease,
}

/// A disk in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskEntry {
    /// Its key.
    pub key: String,
    /// Its file.
    pub path: PathBuf,
    /// Length of the file in bytes.
    pub size: u64,
    /// Bytes that it occupies on the host: less than `size` when it is sparse.
    pub allocated: u64,
}

impl ImageStore {
    /// The disk with this key. Keys are 1 to 200 letters, digits, `.`, `_`, `-`, and neither
    /// start with `.` nor end with `.lock`.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn disk(&self, key: &str) -> Result<Option<PathBuf>, Error> {
        let path = self.disk_path(key)?;
        Ok(path.is_file().then_some(path))
    }

    /// The disk with this key, or the right to build it. Waits while another thread or
    /// process builds it.
    ///
    /// # Errors
    /// [`Error::Name`] and [`Error::Io`].
    pub fn claim_disk(&self, key: &str) -> Result<DiskClaim, Error> {
        let target = self.disk_path(key)?;
        if target.is_file() {
            return Ok(DiskClaim::Ready(target));
        }
        let lease = self.lease()?;
        let folder = self.0.root.join("disks");
        self.0.staging.durability.create_dirs(&folder)?;
        let path = folder.join(format!("{key}.lock"));
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io("open", &path))?;
        rustix::io::retry_on_intr(|| flock(&lock, FlockOperation::LockExclusive))
            .map_err(sys("lock", &path))?;
        if target.is_file() {
            return Ok(DiskClaim::Ready(target));
        }
        Ok(DiskClaim::Build(DiskBuild {
            store: self.clone(),
            staged: self.0.staging.path()?,
            target,
            _lock: lock,
            _lease: lease,
        }))
    }

    /// All disks, in order of key.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn disks(&self) -> Result<Vec<DiskEntry>, Error> {
        use std::os::unix::fs::MetadataExt as _;
        let mut disks = Vec::new();
        for path in children(&self.0.root.join("disks"))? {
            let Some(key) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !is_key(key) {
                continue;
            }
            if let Some(metadata) = optional(fs::metadata(&path), "inspect", &path)? {
                disks.push(DiskEntry {
                    key: key.to_owned(),
                    size: metadata.len(),
                    allocated: metadata.blocks() * 512,
                    path,
                });
            }
        }
        disks.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(disks)
    }

    /// Removes a disk; `false` when there was none. A machine that has it open can still use it.
    ///
    /// # Errors
    /// [`Error::Name`] and [`Error::Io`].
    pub fn remove_disk(&self, key: &str) -> Result<bool, Error> {
        Ok(self.0.staging.durability.remove(&self.disk_path(key)?)?)
    }

    fn disk_path(&self, key: &str) -> Result<PathBuf, Error> {
        if is_key(key) {
            Ok(self.0.root.join("disks").join(key))
        } else {
            Err(Error::Name {
                what: "disk key",
                text: lazaret_values::Printable::excerpt(key),
            })
        }
    }
}

impl DiskBuild {
    /// Creates the empty file to write the disk to; a second call starts over.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(&self) -> Result<File, Error> {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&self.staged)
            .map_err(io("create", &self.staged))
    }

    /// Syncs and publishes the file that was written; returns the disk's final path.
    ///
    /// # Errors
    /// [`Error::Io`]; nothing is published then.
    pub fn publish(self) -> Result<PathBuf, Error> {
        let file = File::open(&self.staged).map_err(io("open", &self.staged))?;
        self.store
            .0
            .staging
            .durability
            .sync_file(&file, &self.staged)?;
        self.store
            .0
            .staging
            .durability
            .publish(&self.staged, &self.target)?;
        Ok(self.target.clone())
    }
}

impl Drop for DiskBuild {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.staged);
    }
}

fn is_key(key: &str) -> bool {
    (1..=200).contains(&key.len())
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !key.starts_with('.')
        && !key.ends_with(".lock")
}
