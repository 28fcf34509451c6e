//! Allocates blocks within the 32 bits that EROFS has for a block address.

use crate::blocks::{BLOCK_U64, Blocks};
use crate::error::Error;

/// Allocates room for `bytes` bytes; returns its first block.
pub(super) fn allocate(disk: &mut Blocks, bytes: u64) -> Result<u32, Error> {
    let blocks = bytes.div_ceil(BLOCK_U64);
    let start = disk.alloc.allocate_contiguous(blocks);
    address(disk, start.unwrap_or(u64::MAX))
}

/// Converts a block number to the 32 bits of EROFS.
pub(super) fn address(disk: &Blocks, block: u64) -> Result<u32, Error> {
    u32::try_from(block).map_err(|_| disk.full(0))
}
