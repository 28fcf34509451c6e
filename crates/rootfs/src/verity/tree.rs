//! The shape of a hash tree, and its hashes.

use std::fs::File;

use crate::blocks::BLOCK_U64;
use crate::sha256::Sha256;

pub(super) type Digest = [u8; 32];

/// Number of digests in a block.
pub(super) const PER_BLOCK: u64 = BLOCK_U64 / 32;
/// Number of blocks that are read at a time.
pub(super) const CHUNK: usize = 256;

/// The parameters with which a kernel checks a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verity {
    /// The root of the hash tree.
    pub root_hash: [u8; 32],
    /// Salt of every hash.
    pub salt: [u8; 32],
    /// Number of blocks of 4 KiB that are checked.
    pub data_blocks: u64,
    /// Offset of the superblock of the hash tree, in bytes.
    pub hash_offset: u64,
}

/// Number of blocks of each level, from the one above the data to the one below the root. A disk of
/// one block is its own tree.
pub(super) fn levels(data_blocks: u64) -> Vec<u64> {
    let mut levels = Vec::new();
    let mut count = data_blocks;
    while count > 1 {
        count = count.div_ceil(PER_BLOCK);
        levels.push(count);
    }
    levels
}

/// A tree that is written or compared.
pub(super) struct Tree<'a> {
    pub(super) file: &'a File,
    pub(super) salt: Digest,
}

impl Tree<'_> {
    pub(super) fn hash(&self, block: &[u8]) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        hasher.update(block);
        hasher.finalize()
    }
}
