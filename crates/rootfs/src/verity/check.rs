//! Compares a disk with its hash tree, as a kernel does it block by block.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::tree::{CHUNK, Digest, PER_BLOCK, Tree, Verity, levels};
use crate::blocks::{BLOCK, BLOCK_U64};

/// Whether the `size` bytes of `file` from `offset` on are a disk with exactly this tree behind it. The
/// superblock is not looked at: nothing in it is needed to check a block.
///
/// # Errors
/// When the file cannot be read.
pub fn check_verity(file: &File, offset: u64, size: u64, verity: &Verity) -> io::Result<bool> {
    let levels = levels(verity.data_blocks);
    let blocks = levels
        .iter()
        .try_fold(1, |sum: u64, level| sum.checked_add(*level));
    let whole = blocks
        .and_then(|blocks| blocks.checked_add(verity.data_blocks))
        .and_then(|blocks| blocks.checked_mul(BLOCK_U64));
    if whole != Some(size) || verity.hash_offset != verity.data_blocks * BLOCK_U64 {
        return Ok(false);
    }
    let check = Check {
        file,
        offset,
        tree: Tree {
            file,
            salt: verity.salt,
        },
    };
    let (mut from, mut count, mut end) = (0, verity.data_blocks, size / BLOCK_U64);
    for level in levels {
        let start = end - level;
        if !check.level(from, count, start)? {
            return Ok(false);
        }
        (from, count, end) = (start, level, start);
    }
    let mut block = [0; BLOCK];
    check.read(from, &mut block)?;
    Ok(check.tree.hash(&block) == verity.root_hash)
}

struct Check<'a> {
    file: &'a File,
    offset: u64,
    tree: Tree<'a>,
}

impl Check<'_> {
    /// Whether the blocks from block `to` on are the hashes of the `count` blocks from block `from` on,
    /// and zeros.
    fn level(&self, from: u64, count: u64, to: u64) -> io::Result<bool> {
        let mut input = vec![0; CHUNK * BLOCK];
        let mut done = 0;
        while done < count {
            let blocks = (count - done).min(CHUNK as u64);
            let bytes = usize::try_from(blocks * BLOCK_U64).unwrap_or(input.len());
            self.read(from + done, &mut input[..bytes])?;
            let mut output: Vec<u8> = Vec::with_capacity(CHUNK * size_of::<Digest>());
            for block in input[..bytes].as_chunks::<BLOCK>().0 {
                output.extend_from_slice(&self.tree.hash(block));
            }
            output.resize(output.len().next_multiple_of(BLOCK), 0);
            let mut found = vec![0; output.len()];
            self.read(to + done / PER_BLOCK, &mut found)?;
            if found != output {
                return Ok(false);
            }
            done += blocks;
        }
        Ok(true)
    }

    fn read(&self, block: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file
            .read_exact_at(buffer, self.offset + block * BLOCK_U64)
    }
}

#[cfg(test)]
mod tests;
