//! The metadata of files on a disk.

use super::image::damaged;
use crate::error::Error;
use crate::tree::Attributes;

/// The metadata of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// The type of the file.
    pub kind: ObjectKind,
    /// Owner, permissions, time and extended attributes, ACLs in the form of system calls.
    pub attributes: Attributes,
    /// Length in bytes.
    pub size: u64,
    /// Number of names.
    pub links: u32,
    /// The inode number: the same for all names of one file.
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
        /// Major number: the driver.
        major: u32,
        /// Minor number: the device of the driver.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// Major number: the driver.
        major: u32,
        /// Minor number: the device of the driver.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// The data layout of an inode, in the terms of each format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    None,
    /// Contiguous, from this byte of the disk on.
    At(u64),
    /// The root of an extent tree, as the inode holds it.
    Extents([u8; 60]),
    /// Whole blocks from the first offset on, the rest at the second; both in bytes.
    Tail(u64, u64),
    /// Chunks, with a map at this byte of the disk.
    Chunks {
        map: u64,
        /// Size of a chunk in bytes, as a power of two.
        bits: u32,
        /// Size of an entry of the map in bytes.
        entry: u64,
    },
    /// Compressed clusters, with a map at this byte of the disk, all with one algorithm.
    Compressed {
        map: u64,
        algorithm: u8,
    },
}

impl ObjectKind {
    /// Converts `st_mode` and a device number in the kernel's 32 bits.
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
