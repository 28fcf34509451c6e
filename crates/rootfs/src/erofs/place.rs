//! Where a node is on the disk.

/// Where one node is, and what its inode says about that.
pub(super) struct Place {
    /// Of the inode, in bytes after the first.
    pub(super) offset: u64,
    pub(super) size: u64,
    /// First block of the data that is not inline.
    pub(super) block: u32,
    /// Bytes behind the inode: the end of a directory, a symbolic link or a small file.
    pub(super) inline: u32,
    /// Bytes of the map behind the inode, of a file in chunks or a compressed one.
    pub(super) map: u64,
    pub(super) data: Data,
    /// Count of attributes, as the inode gives it.
    pub(super) attributes: u16,
}

/// How the data of an inode is found: `EROFS_INODE_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Data {
    /// In one run of blocks.
    Plain = 0,
    /// By a map of compressed clusters.
    Compressed = 1,
    /// In one run, of which the end is behind the inode.
    Inline = 2,
    /// By a map of chunks.
    Chunked = 4,
}
