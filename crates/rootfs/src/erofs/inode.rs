//! Encodes inodes in the extended form, of 64 bytes.

use super::place::{Data, Place};
use crate::blocks::{BLOCK_U64, CHUNK};
use crate::bytes::{Record, low16, low32};
use crate::tree::{Extent, Kind, Node, encode_device};

/// Size of an inode in bytes.
pub(super) const SIZE: usize = 64;

const LONG: u16 = 1;
/// The address of a chunk that is a hole.
const HOLE: u32 = u32::MAX;
/// Chunks have 2^8 blocks and are mapped by 32-bit addresses.
const CHUNK_FORMAT: u32 = 8;
const _: () = assert!(CHUNK as u64 == BLOCK_U64 << CHUNK_FORMAT);

/// An inode to be written.
pub(super) struct Inode<'a> {
    pub(super) node: &'a Node,
    pub(super) place: &'a Place,
    pub(super) number: u32,
    pub(super) links: u32,
}

impl Inode<'_> {
    pub(super) fn encode(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        let mut record = Record(&mut bytes);
        let (attributes, place) = (&self.node.attributes, self.place);
        record.u16(0, LONG | ((place.data as u16) << 1));
        record.u16(2, place.attributes);
        record.u16(4, self.node.kind.format() | (attributes.mode & 0o7777));
        record.split_u32(8, 12, place.size);
        record.u32(
            16,
            match self.node.kind {
                Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                    encode_device(major, minor)
                }
                _ if place.data == Data::Chunked => CHUNK_FORMAT,
                _ => place.block,
            },
        );
        record.u32(20, self.number);
        record.u32(24, attributes.uid);
        record.u32(28, attributes.gid);
        record.split_u32(32, 36, attributes.mtime.seconds.cast_unsigned());
        record.u32(40, attributes.mtime.nanos);
        record.u32(44, self.links);
        bytes
    }
}

/// The first block of a file whose data is one run without holes; `None` for other files.
pub(super) fn plain(size: u64, extents: &[Extent]) -> Option<u64> {
    match extents {
        [] if size == 0 => Some(0),
        [one] if one.logical == 0 && u64::from(one.length) == size.div_ceil(BLOCK_U64) => {
            Some(one.physical)
        }
        _ => None,
    }
}

/// Size of the chunk map of a file in bytes.
pub(super) fn chunk_map_size(size: u64) -> u64 {
    size.div_ceil(CHUNK as u64) * 4
}

/// The chunk map of a file: the first block of each chunk.
pub(super) fn chunk_map(size: u64, extents: &[Extent]) -> Vec<u8> {
    let mut extents = extents.iter().peekable();
    let chunks = size.div_ceil(CHUNK as u64);
    (0..chunks)
        .flat_map(|chunk| {
            let logical = chunk << CHUNK_FORMAT;
            let end = |extent: &Extent| u64::from(extent.logical) + u64::from(extent.length);
            while extents.next_if(|extent| end(extent) <= logical).is_some() {}
            let block = match extents.peek() {
                Some(extent) if u64::from(extent.logical) <= logical => {
                    low32(extent.physical + logical - u64::from(extent.logical))
                }
                _ => HOLE,
            };
            block.to_le_bytes()
        })
        .collect()
}

/// The attribute count that an inode records for `bytes` bytes of attributes.
pub(super) fn attribute_count(bytes: usize) -> u16 {
    match bytes.checked_sub(super::xattr::HEADER) {
        None => 0,
        Some(rest) => low16(low32((rest / 4 + 1) as u64)),
    }
}
