//! Maps of compressed files: the full form of `z_erofs_lcluster_index`, which every kernel reads, and
//! which needs 8 bytes for each block.

use crate::blocks::{BLOCK, BLOCK_U64, Packed, SEGMENT};
use crate::bytes::{Record, low16, low32};
use crate::compression::Compression;

/// What the map begins with: `z_erofs_map_header`, and as many bytes that are not used.
const HEADER: usize = 16;
const ENTRY: usize = 8;
/// Clusters may have several blocks.
const BIG_CLUSTERS: u16 = 0x2;

/// What an entry is about: one block that is not compressed, or the first block of a cluster, or a
/// further one.
const PLAIN: u16 = 0;
const HEAD: u16 = 1;
const FURTHER: u16 = 2;
/// The first number of a cluster's second entry is not a distance, but how many blocks the cluster
/// takes on the disk.
const IS_COUNT: u16 = 1 << 11;

/// Longest distance of a match in LZ4.
const LZ4_DISTANCE: u16 = u16::MAX;
/// The window of Zstandard is 2^(10 + this), all that a segment can need.
const ZSTD_WINDOW: u8 = 7;
const _: () = assert!(SEGMENT == 1 << (10 + ZSTD_WINDOW));

/// What the superblock tells of a compression: `z_erofs_lz4_cfgs`, `z_erofs_zstd_cfgs`.
pub(super) fn configuration(compression: Compression) -> Vec<u8> {
    match compression {
        Compression::Lz4 => {
            let mut bytes = vec![0; 14];
            let mut record = Record(&mut bytes);
            record.u16(0, LZ4_DISTANCE);
            record.u16(2, low16(low32((SEGMENT / BLOCK) as u64)));
            bytes
        }
        Compression::Zstd { .. } => vec![0, ZSTD_WINDOW, 0, 0, 0, 0],
    }
}

/// Bytes of the map of a file, with what aligns it, behind `before` bytes of inode and attributes.
pub(super) fn map_size(before: u64, size: u64) -> u64 {
    before.next_multiple_of(8) - before + HEADER as u64 + size.div_ceil(BLOCK_U64) * ENTRY as u64
}

pub(super) fn map(before: usize, algorithm: u8, size: u64, file: &Packed) -> Vec<u8> {
    let mut bytes = vec![0; before.next_multiple_of(8) - before + HEADER];
    let header = bytes.len() - HEADER;
    let mut record = Record(&mut bytes[header..]);
    record.u16(4, BIG_CLUSTERS);
    record.u8(6, algorithm);
    let mut left = size;
    let mut block = low32(file.start);
    for &count in &file.blocks {
        let length = left.min(SEGMENT as u64);
        left -= length;
        segment(&mut bytes, length, block, count.into());
        block += u32::from(count);
    }
    bytes
}

/// Appends the entries of one segment.
fn segment(map: &mut Vec<u8>, length: u64, start: u32, count: u16) {
    let blocks = low16(low32(length.div_ceil(BLOCK_U64)));
    if count == blocks {
        for at in 0..u32::from(blocks) {
            entry(map, PLAIN, 0, (start + at).to_le_bytes());
        }
        return;
    }
    let whole = low16(low32(length / BLOCK_U64));
    entry(map, HEAD, 0, start.to_le_bytes());
    for at in 1..whole {
        let back = if at == 1 { count | IS_COUNT } else { at };
        let [a, b] = back.to_le_bytes();
        let [c, d] = (whole - at).to_le_bytes();
        entry(map, FURTHER, 0, [a, b, c, d]);
    }
    // The end of the file, as where something else would begin.
    let rest = low16(low32(length % BLOCK_U64));
    if rest > 0 {
        entry(map, PLAIN, rest, [0; 4]);
    }
}

fn entry(map: &mut Vec<u8>, kind: u16, offset: u16, rest: [u8; 4]) {
    map.extend(kind.to_le_bytes());
    map.extend(offset.to_le_bytes());
    map.extend(rest);
}
