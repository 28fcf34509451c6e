//! The place of a node on the disk.

/// The place of one node, and the fields of its inode that describe it.
pub(super) struct Place {
    /// Offset of the inode after the first one, in bytes.
    pub(super) offset: u64,
    pub(super) size: u64,
    /// First block of the data that is not inline.
    pub(super) block: u32,
    /// Bytes of inline data after the inode: the end of a directory, a symbolic link or a small
    /// file.
    pub(super) inline: u32,
    /// Bytes of the map after the inode of a chunk-based or compressed file.
    pub(super) map: u64,
    pub(super) data: Data,
    /// Attribute count, as the inode records it.
    pub(super) attributes: u16,
}

/// Data layout of an inode: `EROFS_INODE_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Data {
    /// In one run of blocks.
    Plain = 0,
    /// By a map of compressed clusters.
    Compressed = 1,
    /// In one run, whose end is after the inode.
    Inline = 2,
    /// By a map of chunks.
    Chunked = 4,
}
