//! Appends a dm-verity hash tree to a disk; with its root hash a kernel checks every block it
//! reads.
//!
//! ```text
//! 0              the disk
//! hash_offset    superblock, one block
//! ...            levels, from the one below the root to the one above the data
//! ```
//!
//! The format is version 1 of `veritysetup` (cryptsetup's on-disk format document): SHA-256 over salt
//! and block, blocks of 4 KiB.

mod check;
#[cfg(test)]
mod tests;
mod tree;

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::blocks::{BLOCK, BLOCK_U64};
use crate::bytes::{Record, low16, low32};
use crate::error::Error;
use crate::sha256::Sha256;

pub use check::check_verity;
pub use tree::Verity;
use tree::{CHUNK, Digest, PER_BLOCK, Tree, levels};

const SALT: usize = 32;

/// Appends the hash tree to a finished disk of `size` bytes.
///
/// The salt and the tree's UUID are derived from `uuid`, so that the same disk gives the same
/// bytes.
///
/// # Errors
/// When the file cannot be read or written.
pub fn append_verity(file: &File, size: u64, uuid: &[u8; 16]) -> Result<Verity, Error> {
    let data_blocks = size.div_ceil(BLOCK_U64);
    let salt = derive(b"lazaret verity salt", uuid);
    let hash_offset = data_blocks * BLOCK_U64;
    let tree = Tree { file, salt };
    let levels = levels(data_blocks);
    // The highest level comes first.
    let blocks: u64 = levels.iter().sum();
    let mut end = data_blocks + 1 + blocks;
    let (mut from, mut count) = (0, data_blocks);
    for &level in &levels {
        let start = end - level;
        tree.level(from, count, start)?;
        (from, count, end) = (start, level, start);
    }
    let mut block = [0; BLOCK];
    tree.read(from, &mut block)?;
    let root_hash = tree.hash(&block);
    let mut tree_uuid = [0; 16];
    tree_uuid.copy_from_slice(&derive(b"lazaret verity uuid", uuid)[..16]);
    file.write_all_at(&superblock(data_blocks, &salt, &tree_uuid), hash_offset)
        .map_err(Error::write("the hashes"))?;
    Ok(Verity {
        root_hash,
        salt,
        data_blocks,
        hash_offset,
    })
}

fn derive(purpose: &[u8], uuid: &[u8; 16]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(purpose);
    hasher.update(uuid);
    hasher.finalize()
}

impl Tree<'_> {
    /// Writes the hashes of the `count` blocks from block `from` on to the blocks from `to` on.
    fn level(&self, from: u64, count: u64, to: u64) -> Result<(), Error> {
        let zeros = [0; BLOCK];
        let zero_hash = self.hash(&zeros);
        let mut input = vec![0; CHUNK * BLOCK];
        let mut done = 0;
        while done < count {
            let blocks = (count - done).min(CHUNK as u64);
            let bytes = usize::try_from(blocks * BLOCK_U64).unwrap_or(input.len());
            self.read(from + done, &mut input[..bytes])?;
            let mut output = Vec::with_capacity(CHUNK * 32);
            for block in input[..bytes].as_chunks::<BLOCK>().0 {
                output.extend_from_slice(&if *block == zeros {
                    zero_hash
                } else {
                    self.hash(block)
                });
            }
            // The last block of a level is padded with zeros.
            output.resize(output.len().next_multiple_of(BLOCK), 0);
            self.file
                .write_all_at(&output, (to + done / PER_BLOCK) * BLOCK_U64)
                .map_err(Error::write("the hashes"))?;
            done += blocks;
        }
        Ok(())
    }

    fn read(&self, block: u64, buffer: &mut [u8]) -> Result<(), Error> {
        self.file
            .read_exact_at(buffer, block * BLOCK_U64)
            .map_err(|source| Error::Read {
                what: "the disk".into(),
                source,
            })
    }
}

fn superblock(data_blocks: u64, salt: &[u8; SALT], uuid: &[u8; 16]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut record = Record(&mut block);
    record.bytes(0, b"verity\0\0");
    record.u32(8, 1); // version of the superblock
    record.u32(12, 1); // salt before the block
    record.bytes(16, uuid);
    record.bytes(32, b"sha256");
    record.u32(64, low32(BLOCK_U64));
    record.u32(68, low32(BLOCK_U64));
    record.split_u32(72, 76, data_blocks);
    record.u16(80, low16(low32(SALT as u64)));
    record.bytes(88, salt);
    block
}
