//! What the writers of metadata share.

use crate::blocks::Blocks;

/// An ext4 file system in the making.
pub(super) struct Image {
    pub(super) disk: Blocks,
    /// Blocks set aside for group descriptors, after the superblock's.
    pub(super) descriptor_blocks: u64,
    /// Whether it gets a journal.
    pub(super) journal: bool,
}
