//! The state that the writers of metadata share.

use crate::blocks::Blocks;

/// An ext4 file system that is being written.
pub(super) struct Image {
    pub(super) disk: Blocks,
    /// Number of blocks reserved for group descriptors, after the superblock's.
    pub(super) descriptor_blocks: u64,
    /// Whether the file system gets a journal.
    pub(super) journal: bool,
}
