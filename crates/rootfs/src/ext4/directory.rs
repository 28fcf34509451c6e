//! Linear directories.

use super::BLOCK;
use super::bytes::Record;

/// The type byte of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum FileType {
    Regular = 1,
    Directory = 2,
    CharDevice = 3,
    BlockDevice = 4,
    Fifo = 5,
    Symlink = 7,
}

/// Blocks of a directory whose names have these lengths, `.` and `..` included.
pub(super) fn block_count(lengths: impl Iterator<Item = usize>) -> u64 {
    let (mut blocks, mut used) = (1, entry_size(1) + entry_size(2));
    for length in lengths {
        let size = entry_size(length);
        if used + size > BLOCK {
            blocks += 1;
            used = 0;
        }
        used += size;
    }
    blocks
}

/// Fills directory blocks one after the other.
pub(super) struct Packer {
    block: [u8; BLOCK],
    used: usize,
    last: usize,
}

impl Packer {
    /// Starts a directory with `.` and `..`.
    pub(super) fn new(this: u32, parent: u32) -> Self {
        let mut packer = Self {
            block: [0; BLOCK],
            used: 0,
            last: 0,
        };
        packer.put(b".", this, FileType::Directory);
        packer.put(b"..", parent, FileType::Directory);
        packer
    }

    /// Adds a name; returns the block before if that is full.
    pub(super) fn push(&mut self, name: &[u8], inode: u32, kind: FileType) -> Option<[u8; BLOCK]> {
        let full = (self.used + entry_size(name.len()) > BLOCK).then(|| self.close());
        self.put(name, inode, kind);
        full
    }

    /// The block in the making: its last entry reaches to the end.
    pub(super) fn close(&mut self) -> [u8; BLOCK] {
        let length = u16::try_from(BLOCK - self.last).unwrap_or(0);
        Record(&mut self.block).u16(self.last + 4, length);
        self.used = 0;
        self.last = 0;
        std::mem::replace(&mut self.block, [0; BLOCK])
    }

    fn put(&mut self, name: &[u8], inode: u32, kind: FileType) {
        let (at, size) = (self.used, entry_size(name.len()));
        let mut record = Record(&mut self.block[at..at + size]);
        record.u32(0, inode);
        record.u16(4, u16::try_from(size).unwrap_or(0));
        record.u8(6, u8::try_from(name.len()).unwrap_or(u8::MAX));
        record.u8(7, kind as u8);
        record.bytes(8, name);
        self.last = at;
        self.used += size;
    }
}

fn entry_size(name: usize) -> usize {
    (8 + name).next_multiple_of(4)
}
