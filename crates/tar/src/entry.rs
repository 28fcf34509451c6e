//! One entry of an archive.

use crate::time::Timestamp;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A regular file, with its data.
    File,
    /// A further name of an earlier entry.
    HardLink(Vec<u8>),
    /// A symbolic link.
    Link(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
}

/// One entry, with its extended headers applied. Names are raw: nothing is checked yet but their
/// length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u16,
    /// User id of the owner.
    pub uid: u32,
    /// Group id of the owner.
    pub gid: u32,
    /// Time of the last change.
    pub mtime: Timestamp,
    /// Length of a file in bytes, with its holes; 0 for everything else.
    pub size: u64,
}
