//! One entry of a layer.

use crate::tree::Attributes;

/// What kind of file an entry describes.
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

/// One entry, its extended headers applied. Names are raw: nothing is checked yet.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryKind,
    pub(crate) attributes: Attributes,
    /// Length of the file's data; 0 for everything but files.
    pub(crate) size: u64,
}
