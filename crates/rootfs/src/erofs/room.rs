//! Room on the disk, in the 32 bits that EROFS has for a block.

use crate::blocks::{BLOCK_U64, Blocks};
use crate::error::Error;

/// Takes room for so many bytes; returns its first block.
pub(super) fn allocate(disk: &mut Blocks, bytes: u64) -> Result<u32, Error> {
    let blocks = bytes.div_ceil(BLOCK_U64);
    let start = disk.alloc.allocate_contiguous(blocks);
    address(disk, start.unwrap_or(u64::MAX))
}

/// EROFS counts blocks in 32 bits.
pub(super) fn address(disk: &Blocks, block: u64) -> Result<u32, Error> {
    u32::try_from(block).map_err(|_| disk.full(0))
}
