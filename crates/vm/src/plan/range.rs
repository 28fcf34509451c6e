//! Ranges of files: what a machine begins from where one file holds all of it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;

use serde::{Deserialize, Serialize};

/// A file as it was when somebody looked: any write to it, and any other file in its place, gives another
/// identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Device and inode.
    pub inode: (u64, u64),
    /// Size in bytes.
    pub size: u64,
    /// Time of the last write, in seconds since 1970 and nanoseconds.
    pub modified: (i64, i64),
    /// Time of the last change of content or attributes.
    pub changed: (i64, i64),
}

impl FileIdentity {
    /// The identity of an open file.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(metadata: &Metadata) -> Self {
        Self {
            inode: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A disk in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskRange {
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// The file, which must be this one when the machine starts.
    pub file: FileIdentity,
}

/// Kernel and initramfs in their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootRanges {
    /// The kernel.
    pub kernel: BootRange,
    /// The initramfs.
    pub initramfs: BootRange,
}

/// A kernel or an initramfs in a file. It is copied into memory and compared with its hash before it
/// boots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootRange {
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// SHA-256: 64 small hexadecimal digits.
    pub sha256: String,
}
