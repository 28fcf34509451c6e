//! What a disk says of its files.

use super::image::damaged;
use crate::error::Error;
use crate::tree::Attributes;

/// What a disk says of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: ObjectKind,
    /// Owner, permissions, time and extended attributes, ACLs in the form of system calls.
    pub attributes: Attributes,
    /// Length in bytes.
    pub size: u64,
    /// Number of names.
    pub links: u32,
    /// Its number: the same for all names of one file.
    pub inode: u64,
    pub(super) data: Data,
}

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice {
        /// Its driver.
        major: u32,
        /// Which device of the driver.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Its driver.
        major: u32,
        /// Which device of the driver.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// How the content of an inode is found; each format knows its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    None,
    /// At this byte of the disk.
    At(u64),
    /// The root of a tree of extents, as the inode has it.
    Extents([u8; 60]),
    /// Whole blocks at the first byte, the rest at the second.
    Tail(u64, u64),
    /// A map at this byte.
    Chunks {
        map: u64,
        /// Bytes of a chunk as a power of two.
        bits: u32,
        /// Bytes of an entry of the map.
        entry: u64,
    },
    /// A map at this byte, of clusters that are compressed in one way.
    Compressed {
        map: u64,
        algorithm: u8,
    },
}

impl ObjectKind {
    /// From `st_mode`, and the device number in the kernel's own 32 bits.
    pub(super) fn of(mode: u16, device: u32) -> Result<Self, Error> {
        let major = (device >> 8) & 0xfff;
        let minor = (device & 0xff) | ((device >> 12) & 0xf_ff00);
        Ok(match mode >> 12 {
            1 => Self::Fifo,
            2 => Self::CharDevice { major, minor },
            4 => Self::Directory,
            6 => Self::BlockDevice { major, minor },
            8 => Self::File,
            10 => Self::Symlink,
            12 => Self::Socket,
            _ => return Err(damaged("an inode is of no type")),
        })
    }
}
