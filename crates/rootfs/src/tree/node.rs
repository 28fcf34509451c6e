//! The nodes of a tree.

use std::collections::BTreeMap;

pub use lazaret_tar::Timestamp;

/// Owner, permissions, time and extended attributes of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// Permission bits with setuid, setgid and sticky: the low 12 bits of `st_mode`.
    pub mode: u16,
    /// User id of the owner.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Time of the last change; ext4 holds 1901 to 2446 and times outside are clamped to that.
    pub mtime: Timestamp,
    /// Extended attributes: full name (`security.capability`) and value.
    ///
    /// Names outside the namespaces that Linux stores on ext4 are dropped, as is
    /// `trusted.overlay.*`, which would steer an overlay mount in the guest.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Attributes {
    /// Owned by root, time 0, no extended attributes.
    pub fn new(mode: u16) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }
}

/// Identifies a node of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(super) u32);

impl NodeId {
    /// Position of the node in the arena.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A run of a file's blocks on the disk. Blocks of the file that no extent covers are holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// First block of the file.
    pub(crate) logical: u32,
    /// Number of blocks.
    pub(crate) length: u32,
    /// First block on the disk.
    pub(crate) physical: u64,
}

/// The type of a node, with its content.
#[derive(Debug)]
pub(crate) enum Kind {
    Directory(Directory),
    File {
        size: u64,
        extents: Vec<Extent>,
    },
    /// A compressed file, by its number in the compressor.
    Compressed {
        size: u64,
        file: u32,
    },
    /// A file whose content is not on the disk yet.
    SmallFile(Box<[u8]>),
    Symlink(Box<[u8]>),
    CharDevice {
        major: u32,
        minor: u32,
    },
    BlockDevice {
        major: u32,
        minor: u32,
    },
    Fifo,
}

impl Kind {
    /// The file type bits of `st_mode`.
    pub(crate) fn format(&self) -> u16 {
        match self {
            Self::Directory(_) => 0o040_000,
            Self::File { .. } | Self::Compressed { .. } | Self::SmallFile(_) => 0o100_000,
            Self::Symlink(_) => 0o120_000,
            Self::CharDevice { .. } => 0o020_000,
            Self::BlockDevice { .. } => 0o060_000,
            Self::Fifo => 0o010_000,
        }
    }

    /// The type byte of a directory entry: the same on ext4 and EROFS.
    pub(crate) fn entry_type(&self) -> u8 {
        match self {
            Self::File { .. } | Self::Compressed { .. } | Self::SmallFile(_) => FILE,
            Self::Directory(_) => DIRECTORY,
            Self::CharDevice { .. } => 3,
            Self::BlockDevice { .. } => 4,
            Self::Fifo => 5,
            Self::Symlink(_) => 7,
        }
    }
}

/// The type byte of an entry that leads to a file.
pub(crate) const FILE: u8 = 1;
/// The type byte of an entry that leads to a directory.
pub(crate) const DIRECTORY: u8 = 2;

/// One file, directory or other object. Several names may lead to it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) attributes: Attributes,
    /// Number of names; always 1 for directories.
    pub(crate) links: u32,
}

/// A directory's names, and the layers that changed it.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) children: BTreeMap<Box<[u8]>, Link>,
    pub(crate) parent: NodeId,
    /// Last layer that has an entry for the directory itself.
    pub(super) explicit: u32,
    /// Last layer that put something into the directory or below it.
    pub(super) touched: u32,
    /// Last layer that hid everything of lower layers here.
    pub(super) pruned: u32,
}

/// One name in a directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) node: NodeId,
    /// The layer that made the name.
    pub(super) layer: u32,
}

/// Whether Linux can represent a device number.
pub(crate) fn device_fits(major: u32, minor: u32) -> bool {
    major < 1 << 12 && minor < 1 << 20
}

/// Encodes a device number in 32 bits, as Linux keeps it on disk.
pub(crate) fn encode_device(major: u32, minor: u32) -> u32 {
    (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12)
}
