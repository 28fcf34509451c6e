//! Finds the clusters of compressed files; `erofs/compressed.rs` writes their maps.

use super::fields::Fields;
use super::image::{Cluster, Image, Stretch, damaged};
use super::stat::Data;
use crate::error::Error;

const BLOCK: u64 = 4096;
const BLOCK_BITS: u32 = 12;
const HEADER: u64 = 16;
const ENTRY: u64 = 8;
/// Header flag: clusters may have several blocks. No other flag is accepted.
const BIG_CLUSTERS: u16 = 0x2;
const PLAIN: u16 = 0;
const HEAD: u16 = 1;
const FURTHER: u16 = 2;
const IS_COUNT: u16 = 1 << 11;
/// Most blocks of a file that one cluster may hold in this reader.
const CLUSTER_MAX: u64 = 256;

/// Reads the header of the map that follows an inode.
pub(super) fn open(image: &Image, behind: u64, block_bits: u32) -> Result<Data, Error> {
    let header = behind.next_multiple_of(8);
    let bytes: [u8; 8] = image.bytes(header)?;
    let fields = Fields(&bytes);
    let (advise, algorithm, bits) = (fields.u16(4)?, fields.u8(6)?, fields.u8(7)?);
    if block_bits != BLOCK_BITS || advise & !BIG_CLUSTERS != 0 || bits != 0 || algorithm > 0xf {
        return Err(damaged("a file is compressed in a form that is not known"));
    }
    Ok(Data::Compressed {
        map: header + HEADER,
        algorithm,
    })
}

/// One entry of a map.
struct Entry {
    kind: u16,
    /// Offset in the block at which a cluster begins or the previous one ends, in bytes.
    offset: u64,
    /// First entry: the block on the disk.
    block: u32,
    /// Further entry: the distance to the first, or the number of blocks of the cluster.
    back: u16,
}

fn entry(image: &Image, map: u64, number: u64) -> Result<Entry, Error> {
    let at = number.checked_mul(ENTRY).and_then(|at| at.checked_add(map));
    let bytes: [u8; 8] = image.bytes(at.unwrap_or(u64::MAX))?;
    let fields = Fields(&bytes);
    let entry = Entry {
        kind: fields.u16(0)?,
        offset: fields.u16(2)?.into(),
        block: fields.u32(4)?,
        back: fields.u16(4)?,
    };
    if entry.kind > FURTHER || entry.offset >= BLOCK {
        return Err(damaged("a map of compressed data has an unknown entry"));
    }
    Ok(entry)
}

/// Finds the cluster that holds byte `at` of a file.
pub(super) fn find(
    image: &Image,
    map: u64,
    algorithm: u8,
    size: u64,
    at: u64,
) -> Result<Stretch, Error> {
    let bad = || damaged("a map of compressed data makes no sense");
    let mut number = at / BLOCK;
    let mut first = entry(image, map, number)?;
    if first.kind == FURTHER || first.offset > at % BLOCK {
        // The entry before belongs to the same cluster, as its first or a further one.
        if first.kind != FURTHER {
            number = number.checked_sub(1).ok_or_else(bad)?;
            first = entry(image, map, number)?;
        }
        if first.kind == FURTHER {
            let distance = if first.back & IS_COUNT == 0 {
                first.back
            } else {
                1
            };
            number = number.checked_sub(distance.into()).ok_or_else(bad)?;
            first = entry(image, map, number)?;
        }
    }
    let start = number * BLOCK + first.offset;
    if first.kind == FURTHER || start > at {
        return Err(bad());
    }
    // The cluster ends where the next one begins.
    let (mut end, mut blocks) = (size, 1);
    for next in number + 1..=number + CLUSTER_MAX {
        if next * BLOCK >= size {
            break;
        }
        let entry = entry(image, map, next)?;
        if entry.kind != FURTHER {
            end = next * BLOCK + entry.offset;
            break;
        }
        if next == number + 1 && entry.back & IS_COUNT != 0 {
            blocks = u64::from(entry.back & !IS_COUNT);
        }
    }
    let length = end.min(size).checked_sub(start).ok_or_else(bad)?;
    if at - start >= length || length > CLUSTER_MAX * BLOCK || !(1..=CLUSTER_MAX).contains(&blocks)
    {
        return Err(bad());
    }
    let place = u64::from(first.block) * BLOCK;
    let from = at - start;
    if first.kind == PLAIN {
        let length = length.min(blocks * BLOCK).saturating_sub(from);
        return Ok(Stretch::Disk {
            at: place + from,
            length,
        });
    }
    debug_assert_eq!(first.kind, HEAD);
    let number = |value: u64| usize::try_from(value).map_err(|_| bad());
    Ok(Stretch::Packed {
        cluster: Cluster {
            at: place,
            stored: number(blocks * BLOCK)?,
            size: number(length)?,
            algorithm,
        },
        from: number(from)?,
    })
}
