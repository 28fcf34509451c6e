//! One entry of a layer.

use crate::tree::Attributes;

/// The type of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Directory,
    File,
    Hardlink(Vec<u8>),
    Symlink(Vec<u8>),
    CharDevice { major: u32, minor: u32 },
    BlockDevice { major: u32, minor: u32 },
    Fifo,
}

/// One entry, with its extended headers applied. Names are raw: nothing is checked yet.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryKind,
    pub(crate) attributes: Attributes,
    /// Length of the file's data in bytes; 0 for everything but files.
    pub(crate) size: u64,
}
