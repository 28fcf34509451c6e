//! Writes the cluster maps of compressed files, in the full form of `z_erofs_lcluster_index`: every
//! kernel reads it, and it takes 8 bytes for each block.

use crate::blocks::{BLOCK, BLOCK_U64, Packed, SEGMENT};
use crate::bytes::{Record, low16, low32};
use crate::compression::Compression;

/// Size of the map's header in bytes: `z_erofs_map_header`, then as many unused bytes.
const HEADER: usize = 16;
const ENTRY: usize = 8;
/// Header flag: clusters may have several blocks.
const BIG_CLUSTERS: u16 = 0x2;

/// Types of an entry: an uncompressed block, the first block of a cluster, or a further block of a
/// cluster.
const PLAIN: u16 = 0;
const HEAD: u16 = 1;
const FURTHER: u16 = 2;
/// Flag in the second entry of a cluster: its first number is not a distance, but the number of
/// blocks that the cluster takes on the disk.
const IS_COUNT: u16 = 1 << 11;

/// Longest distance of a match in LZ4.
const LZ4_DISTANCE: u16 = u16::MAX;
/// The Zstandard window is 2^(10 + this) bytes, which covers a whole segment.
const ZSTD_WINDOW: u8 = 7;
const _: () = assert!(SEGMENT == 1 << (10 + ZSTD_WINDOW));

/// The superblock's record of a compression: `z_erofs_lz4_cfgs` or `z_erofs_zstd_cfgs`.
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

/// Size of a file's map in bytes, with its padding, after `before` bytes of inode and attributes.
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
    // The end of the file is recorded as the place where a next cluster would begin.
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
