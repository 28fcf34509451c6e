//! What a caller may choose about a disk.

use crate::compression::Compression;

/// Bounds on what one disk may take in, so that a hostile layer ends in a typed error.
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

/// Which file system a disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileSystem {
    /// ext4, to be written to.
    #[default]
    Ext4,
    /// EROFS, read-only: as small as its content, and read faster. Linux 5.4; 5.15 where a file has
    /// a hole of 1 MiB.
    Erofs,
}

/// How to build one disk.
///
/// Every field has a working default; the same options and the same input give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Which file system.
    pub file_system: FileSystem,
    /// Size of the disk in bytes, rounded down to 4 KiB. `None`: 1.25 times the content, at least
    /// 1 GiB. The file is sparse: free space takes no room on the host. EROFS has no free space and
    /// ignores this.
    pub size: Option<u64>,
    /// Whether the disk has a journal, for disks that machines write to: one that stops hard then
    /// comes up again without a check. Its size is that of `mke2fs`; it is a hole until it is used.
    pub journal: bool,
    /// How the files of an EROFS are compressed; ext4 ignores this. The same version of the compression
    /// gives the same bytes.
    pub compression: Option<Compression>,
    /// Bounds on hostile input.
    pub limits: Limits,
    /// Volume label; ext4 keeps the first 16 bytes.
    pub label: String,
    /// Mixed into the file system's UUID and hash seed, beside the content itself. Give two disks
    /// of one machine different seeds when they may hold the same content.
    pub seed: Vec<u8>,
    /// Seconds since 1970 used wherever a time is needed that no entry gives (superblock,
    /// `lost+found`, directories that no layer describes).
    pub epoch: u32,
}
