//! Writes extent trees, which map the blocks of a file to the disk.

use super::image::Image;
use crate::blocks::BLOCK;
use crate::bytes::{Record, low16, low32};
use crate::checksum::Checksum;
use crate::error::Error;
use crate::tree::Extent;

/// Most blocks of one extent.
const LENGTH_MAX: u32 = 32_768;
/// Number of entries in the inode.
const ROOT_ENTRIES: usize = 4;
/// Number of entries in a block, which ends with a checksum.
const NODE_ENTRIES: usize = (BLOCK - HEADER) / ENTRY;
const CHECKSUM_AT: usize = HEADER + NODE_ENTRIES * ENTRY;
const HEADER: usize = 12;
const ENTRY: usize = 12;
const MAGIC: u16 = 0xf30a;

/// Size of the root in the inode, in bytes.
pub(super) const ROOT: usize = HEADER + ROOT_ENTRIES * ENTRY;

/// Number of blocks that the tree of these extents takes outside the inode.
pub(super) fn node_count(extents: &[Extent]) -> u64 {
    let leaves = extents
        .iter()
        .map(|e| e.length.div_ceil(LENGTH_MAX) as usize)
        .sum();
    node_count_for(leaves)
}

/// As `node_count`, for a number of extents on disk.
pub(super) fn node_count_for(mut entries: usize) -> u64 {
    let mut blocks = 0;
    while entries > ROOT_ENTRIES {
        entries = entries.div_ceil(NODE_ENTRIES);
        blocks += entries as u64;
    }
    blocks
}

/// First block of the file that an entry covers, and the encoded entry.
type Entry = (u32, [u8; ENTRY]);

impl Image {
    /// Writes the nodes of a file's tree; returns the root and the number of blocks written.
    ///
    /// `seed` is the checksum with which all checksums of the inode start.
    pub(super) fn write_extents(
        &mut self,
        extents: &[Extent],
        seed: Checksum,
    ) -> Result<([u8; ROOT], u64), Error> {
        let mut entries: Vec<Entry> = extents.iter().flat_map(|e| leaf_entries(*e)).collect();
        let (mut depth, mut blocks) = (0u16, 0);
        while entries.len() > ROOT_ENTRIES {
            let mut above = Vec::with_capacity(entries.len().div_ceil(NODE_ENTRIES));
            for chunk in entries.chunks(NODE_ENTRIES) {
                let (block, _) = self
                    .disk
                    .alloc
                    .allocate(1)
                    .ok_or_else(|| self.disk.full(1))?;
                let mut node = [0; BLOCK];
                fill(&mut node, chunk, NODE_ENTRIES, depth);
                let checksum = seed.update(&node[..CHECKSUM_AT]);
                Record(&mut node).u32(CHECKSUM_AT, checksum.value());
                self.disk.output.write_block(block, &node)?;
                blocks += 1;
                above.push(index_entry(chunk[0].0, block));
            }
            entries = above;
            depth += 1;
        }
        let mut root = [0; ROOT];
        fill(&mut root, &entries, ROOT_ENTRIES, depth);
        Ok((root, blocks))
    }
}

fn leaf_entries(extent: Extent) -> impl Iterator<Item = Entry> {
    (0..extent.length.div_ceil(LENGTH_MAX)).map(move |index| {
        let skip = index * LENGTH_MAX;
        let logical = extent.logical + skip;
        let physical = extent.physical + u64::from(skip);
        let mut entry = [0; ENTRY];
        let mut record = Record(&mut entry);
        record.u32(0, logical);
        record.u16(4, low16((extent.length - skip).min(LENGTH_MAX)));
        record.u16(6, low16(low32(physical >> 32)));
        record.u32(8, low32(physical));
        (logical, entry)
    })
}

fn index_entry(logical: u32, block: u64) -> Entry {
    let mut entry = [0; ENTRY];
    let mut record = Record(&mut entry);
    record.u32(0, logical);
    record.u32(4, low32(block));
    record.u16(8, low16(low32(block >> 32)));
    (logical, entry)
}

fn fill(node: &mut [u8], entries: &[Entry], capacity: usize, depth: u16) {
    let mut record = Record(node);
    record.u16(0, MAGIC);
    record.u16(2, u16::try_from(entries.len()).unwrap_or(u16::MAX));
    record.u16(4, u16::try_from(capacity).unwrap_or(u16::MAX));
    record.u16(6, depth);
    for (index, (_, entry)) in entries.iter().enumerate() {
        record.bytes(HEADER + index * ENTRY, entry);
    }
}
