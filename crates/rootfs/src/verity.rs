//! dm-verity: a tree of hashes behind a disk, by whose root a kernel checks every block it reads.
//!
//! ```text
//! 0              the disk
//! hash_offset    superblock, one block
//! ...            levels, from the one below the root to the one above the data
//! ```
//!
//! The format is version 1 of `veritysetup` (cryptsetup's on-disk format document): SHA-256 over salt
//! and block, blocks of 4 KiB.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::blocks::{BLOCK, BLOCK_U64};
use crate::bytes::{Record, low16, low32};
use crate::error::Error;
use crate::sha256::Sha256;

type Digest = [u8; 32];

/// Digests in a block.
const PER_BLOCK: u64 = BLOCK_U64 / 32;
/// Blocks read at a time.
const CHUNK: usize = 256;
const SALT: usize = 32;

/// What a kernel needs to check a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verity {
    /// Hash of everything.
    pub root_hash: [u8; 32],
    /// Mixed into every hash.
    pub salt: [u8; 32],
    /// Blocks of 4 KiB that are checked.
    pub data_blocks: u64,
    /// Where the superblock of the tree is, in bytes.
    pub hash_offset: u64,
}

/// Appends the tree of hashes to a finished disk of `size` bytes.
///
/// Salt and the tree's UUID follow from `uuid`, so that the same disk gives the same bytes.
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

/// Blocks of each level, from the one above the data to the one below the root. A disk of one block
/// is its own tree.
fn levels(data_blocks: u64) -> Vec<u64> {
    let mut levels = Vec::new();
    let mut count = data_blocks;
    while count > 1 {
        count = count.div_ceil(PER_BLOCK);
        levels.push(count);
    }
    levels
}

fn derive(purpose: &[u8], uuid: &[u8; 16]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(purpose);
    hasher.update(uuid);
    hasher.finalize()
}

struct Tree<'a> {
    file: &'a File,
    salt: Digest,
}

impl Tree<'_> {
    fn hash(&self, block: &[u8]) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        hasher.update(block);
        hasher.finalize()
    }

    /// Writes the hashes of `count` blocks from block `from` on to the blocks from `to` on.
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
            // The last block of a level is filled up with zeros.
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use lazaret_values::hex;

    use super::*;
    use crate::tests::{build_with, small};
    use crate::{Attributes, FileSystem, Options};

    /// `veritysetup` agrees with the hash of every disk, and not with a changed one.
    #[test]
    fn veritysetup_accepts_the_tree() {
        for (file_system, length) in [
            (FileSystem::Ext4, 100_000),
            (FileSystem::Erofs, 1),
            (FileSystem::Erofs, 700_000),
            (FileSystem::Erofs, 70_000_000),
        ] {
            let options = Options {
                file_system,
                ..small()
            };
            let content: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[1]).collect();
            let disk = build_with(options, |disk| {
                disk.add_file("f", Attributes::new(0o644), &content[..])
            });
            let disk = disk.unwrap();
            let file = File::options()
                .read(true)
                .write(true)
                .open(&disk.path)
                .unwrap();
            let verity = append_verity(&file, disk.summary.size, &disk.summary.uuid).unwrap();
            let verify = || {
                let output = Command::new("veritysetup")
                    .arg("verify")
                    .args([&disk.path, &disk.path])
                    .arg(hex(&verity.root_hash))
                    .arg(format!("--hash-offset={}", verity.hash_offset))
                    .output()
                    .expect("veritysetup must be installed");
                (
                    output.status.success(),
                    String::from_utf8_lossy(&output.stderr).into_owned(),
                )
            };
            assert!(verify().0, "{}", verify().1);
            let again = append_verity(&file, disk.summary.size, &disk.summary.uuid).unwrap();
            assert_eq!(again, verity);
            file.write_all_at(b"!", disk.summary.size - 2000).unwrap();
            assert!(!verify().0);
        }
    }
}
