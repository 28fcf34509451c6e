//! Writes directory blocks: one linear block, or leaves below a tree of name hashes.
//!
//! ```text
//! block 0          root: `.` and `..`, then (hash, block) of what is below
//! blocks 1..       nodes of the same pairs, if the root cannot hold all leaves
//! the others       leaves, each with the names of one range of hashes
//! ```
//!
//! Every block ends with a checksum. The format is "Hash Tree Directories" in the kernel's
//! `Documentation/filesystems/ext4`.

use super::hash::NameHash;
use crate::blocks::BLOCK;
use crate::bytes::{Record, low16, low32};
use crate::checksum::Checksum;
use crate::error::Error;
use crate::tree::DIRECTORY;

/// One name of a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) inode: u32,
    /// The file type of the entry.
    pub(super) kind: u8,
}

/// A directory to be written.
pub(super) struct Directory<'a> {
    pub(super) this: u32,
    pub(super) parent: u32,
    pub(super) entries: Vec<Entry<'a>>,
}

/// Size in bytes of the entry that holds the checksum at the end of a block of names.
const TAIL: usize = 12;
const LEAF: usize = BLOCK - TAIL;
/// Size of `.` and `..` together, in bytes.
const DOTS: usize = 24;
/// Size of the largest entry in bytes.
const ENTRY_MAX: usize = 264;
/// Offset in bytes of the pairs in the root and in a node, and the number of pairs that fit before
/// the checksum of 8 bytes.
const ROOT_AT: usize = 32;
const ROOT_PAIRS: usize = (BLOCK - ROOT_AT - 8) / 8;
const NODE_AT: usize = 8;
const NODE_PAIRS: usize = (BLOCK - NODE_AT - 8) / 8;

/// Most blocks that a directory takes whose names have these lengths in bytes.
pub(super) fn blocks_at_most(lengths: impl Iterator<Item = usize>) -> u64 {
    let bytes: usize = lengths.map(entry_size).sum();
    if DOTS + bytes <= LEAF {
        return 1;
    }
    // A leaf is closed when the next entry does not fit.
    let leaves = bytes / (LEAF - ENTRY_MAX) + 1;
    (1 + nodes(leaves) + leaves) as u64
}

/// Number of nodes between the root and `leaves` leaves.
fn nodes(leaves: usize) -> usize {
    if leaves <= ROOT_PAIRS {
        0
    } else {
        leaves.div_ceil(NODE_PAIRS)
    }
}

impl Directory<'_> {
    /// Writes the blocks in order; returns whether the directory has an index.
    ///
    /// `seed` is the checksum with which all checksums of the inode start.
    pub(super) fn write(
        mut self,
        hash: &NameHash,
        seed: Checksum,
        mut emit: impl FnMut(&[u8; BLOCK]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let bytes: usize = self.entries.iter().map(|e| entry_size(e.name.len())).sum();
        if DOTS + bytes <= LEAF {
            self.linear(seed, &mut emit)?;
            return Ok(false);
        }
        let mut hashes: Vec<((u32, u32), u32)> = (0u32..)
            .zip(&self.entries)
            .map(|(index, entry)| (hash.of(entry.name), index))
            .collect();
        hashes.sort_unstable();
        let entries = std::mem::take(&mut self.entries);
        let sorted = || {
            hashes
                .iter()
                .map(|&((major, _), index)| (major, entries[index as usize]))
        };
        let starts = leaf_starts(sorted());
        let nodes = nodes(starts.len());
        if nodes > ROOT_PAIRS {
            self.entries = entries;
            self.linear(seed, &mut emit)?;
            return Ok(false);
        }
        let first_leaf = 1 + low32(nodes as u64);
        let leaves = starts.iter().copied().zip(first_leaf..);
        if nodes == 0 {
            emit(&self.root(0, leaves, seed))?;
        } else {
            let above = starts.iter().step_by(NODE_PAIRS).copied().zip(1..);
            emit(&self.root(1, above, seed))?;
            let pairs: Vec<_> = leaves.collect();
            for chunk in pairs.chunks(NODE_PAIRS) {
                emit(&node(chunk.iter().copied(), seed))?;
            }
        }
        let mut leaf = Leaf::new(seed);
        for (_, entry) in sorted() {
            if !leaf.fits(entry) {
                emit(&leaf.close())?;
            }
            leaf.put(entry);
        }
        emit(&leaf.close())?;
        Ok(true)
    }

    fn linear(
        &self,
        seed: Checksum,
        emit: &mut impl FnMut(&[u8; BLOCK]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut leaf = Leaf::new(seed);
        for entry in self.dots().into_iter().chain(self.entries.iter().copied()) {
            if !leaf.fits(entry) {
                emit(&leaf.close())?;
            }
            leaf.put(entry);
        }
        emit(&leaf.close())
    }

    fn dots(&self) -> [Entry<'static>; 2] {
        let dot = |name, inode| Entry {
            name,
            inode,
            kind: DIRECTORY,
        };
        [dot(b".", self.this), dot(b"..", self.parent)]
    }

    /// The root of the index, with `levels` levels of nodes below.
    fn root(
        &self,
        levels: u8,
        pairs: impl Iterator<Item = (u32, u32)>,
        seed: Checksum,
    ) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        for (entry, (at, length)) in self.dots().into_iter().zip([(0, 12), (12, BLOCK - 12)]) {
            put(&mut block, at, length, entry);
        }
        let mut info = Record(&mut block[24..ROOT_AT]);
        info.u8(4, super::hash::HALF_MD4);
        info.u8(5, 8); // length of this record
        info.u8(6, levels);
        index(&mut block, ROOT_AT, ROOT_PAIRS, pairs, seed);
        block
    }
}

/// The smallest hash of each leaf. Its lowest bit says that the leaf before has the same hash.
fn leaf_starts<'a>(sorted: impl Iterator<Item = (u32, Entry<'a>)>) -> Vec<u32> {
    let mut starts = Vec::new();
    let (mut used, mut last) = (LEAF, None);
    for (hash, entry) in sorted {
        let size = entry_size(entry.name.len());
        if used + size > LEAF {
            starts.push(hash | u32::from(last == Some(hash)));
            used = 0;
        }
        used += size;
        last = Some(hash);
    }
    starts
}

fn node(pairs: impl Iterator<Item = (u32, u32)>, seed: Checksum) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    // A reader without support for the index sees the block as one unused entry.
    Record(&mut block).u16(4, low16(low32(BLOCK as u64)));
    index(&mut block, NODE_AT, NODE_PAIRS, pairs, seed);
    block
}

/// Fills in the pairs of a root or node. The first has no hash; that field holds the number of
/// pairs.
fn index(
    block: &mut [u8; BLOCK],
    at: usize,
    limit: usize,
    pairs: impl Iterator<Item = (u32, u32)>,
    seed: Checksum,
) {
    let mut end = at;
    for (hash, target) in pairs {
        let mut pair = Record(&mut block[end..end + 8]);
        pair.u32(0, hash);
        pair.u32(4, target);
        end += 8;
    }
    let mut first = Record(&mut block[at..at + 4]);
    first.u16(0, low16(low32(limit as u64)));
    first.u16(2, low16(low32(((end - at) / 8) as u64)));
    // It covers the pairs in use, the reserved word of the tail and the checksum field, as zeros.
    let checksum = seed.update(&block[..end]).update(&[0; 8]);
    Record(block).u32(at + limit * 8 + 4, checksum.value());
}

/// A leaf that is being filled.
struct Leaf {
    block: [u8; BLOCK],
    used: usize,
    last: usize,
    seed: Checksum,
}

impl Leaf {
    fn new(seed: Checksum) -> Self {
        Self {
            block: [0; BLOCK],
            used: 0,
            last: 0,
            seed,
        }
    }

    fn fits(&self, entry: Entry<'_>) -> bool {
        self.used + entry_size(entry.name.len()) <= LEAF
    }

    fn put(&mut self, entry: Entry<'_>) {
        let size = entry_size(entry.name.len());
        put(&mut self.block, self.used, size, entry);
        self.last = self.used;
        self.used += size;
    }

    /// Returns the block, whose last entry is extended to the checksum, and starts an empty one.
    fn close(&mut self) -> [u8; BLOCK] {
        let mut block = std::mem::replace(&mut self.block, [0; BLOCK]);
        let length = low16(low32((LEAF - self.last) as u64));
        Record(&mut block).u16(self.last + 4, length);
        (self.used, self.last) = (0, 0);
        let checksum = self.seed.update(&block[..LEAF]);
        let mut tail = Record(&mut block[LEAF..]);
        tail.u16(4, low16(low32(TAIL as u64)));
        tail.u8(7, 0xde);
        tail.u32(8, checksum.value());
        block
    }
}

fn put(block: &mut [u8; BLOCK], at: usize, length: usize, entry: Entry<'_>) {
    let mut record = Record(&mut block[at..]);
    record.u32(0, entry.inode);
    record.u16(4, low16(low32(length as u64)));
    record.u8(6, u8::try_from(entry.name.len()).unwrap_or(u8::MAX));
    record.u8(7, entry.kind);
    record.bytes(8, entry.name);
}

fn entry_size(name: usize) -> usize {
    (8 + name).next_multiple_of(4)
}
