//! The options of a disk.

use crate::compression::Compression;

/// Bounds on the content of one disk, so that a hostile layer ends in a typed error.
///
/// The defaults admit every image seen in practice and bound memory to roughly
/// `entries * 200 + metadata` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Uncompressed bytes of all layers and added files together; sparse files count with their
    /// full length. Default 16 GiB.
    ///
    /// Zeros count like any other byte, though they take no room on the disk: 10 GB of zeros
    /// convert to a hole, 20 GB are refused.
    pub bytes: u64,
    /// Entries of all layers together, including ones that later layers replace. Default 4,000,000.
    pub entries: u64,
    /// Bytes of names, link targets and extended attributes held in memory. Default 512 MiB.
    pub metadata: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 30,
            entries: 4_000_000,
            metadata: 512 << 20,
        }
    }
}

/// The file system of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileSystem {
    /// ext4, which can be written to.
    #[default]
    Ext4,
    /// EROFS, read-only: takes no more room than its content, and is faster to read. Needs Linux
    /// 5.4, or 5.15 if a file has a hole of 1 MiB.
    Erofs,
}

/// The options of one disk.
///
/// Every field has a working default; the same options and the same input give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The file system to write.
    pub file_system: FileSystem,
    /// Size of the disk in bytes, rounded down to 4 KiB. `None`: 1.25 times the content, at least
    /// 1 GiB. The file is sparse: free space takes no room on the host. EROFS has no free space and
    /// ignores this.
    pub size: Option<u64>,
    /// Whether the disk has a journal. Give one to disks that machines write to: after a hard stop
    /// they mount again without a check. The journal has the size that `mke2fs` chooses; its blocks
    /// are a hole until they are used.
    pub journal: bool,
    /// Compression of the files of an EROFS; ext4 ignores it. The bytes are reproducible with the
    /// same version of the compression library.
    pub compression: Option<Compression>,
    /// Bounds on hostile input.
    pub limits: Limits,
    /// Volume label; ext4 keeps the first 16 bytes.
    pub label: String,
    /// Mixed into the file system's UUID and hash seed, beside the content itself. Give two disks
    /// of one machine different seeds when they may hold the same content.
    pub seed: Vec<u8>,
    /// Time in seconds since 1970 for everything that has no time of its own: superblock,
    /// `lost+found`, directories that no layer describes.
    pub epoch: u32,
}
