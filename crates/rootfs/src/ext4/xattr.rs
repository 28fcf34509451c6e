//! Encodes extended attributes for ext4: in the inode if they fit, the others in one block.

use std::borrow::Cow;

use super::inode::{SIZE as INODE_SIZE, XATTRS_AT};
use crate::blocks::BLOCK;
use crate::bytes::{Record, low32};
use crate::checksum::Checksum;
use crate::error::{Error, show};
use crate::tree::Attributes;
use crate::xattr::{acl_entries, index, is_acl};

const MAGIC: u32 = 0xea02_0000;
const IN_INODE: usize = INODE_SIZE - XATTRS_AT;
/// Bytes for attributes in the inode: all but the magic number and the zero word after the last
/// entry.
const INODE_SPACE: usize = IN_INODE - 4 - 4;
const BLOCK_HEADER: usize = 32;
const BLOCK_SPACE: usize = BLOCK - BLOCK_HEADER - 4;
const ENTRY: usize = 16;

/// Refuses attributes that an ext4 cannot hold.
pub(crate) fn check(path: &[u8], attributes: &Attributes) -> Result<(), Error> {
    if attributes.xattrs.is_empty() {
        return Ok(());
    }
    let (inside, outside) = split(attributes);
    let sum = |pairs: &[Pair<'_>]| pairs.iter().map(Pair::size).sum::<usize>();
    if sum(&outside) > BLOCK_SPACE {
        return Err(Error::XattrsTooLarge {
            path: show(path),
            bytes: sum(&inside) + sum(&outside),
        });
    }
    Ok(())
}

/// Whether these attributes need a block outside the inode.
pub(super) fn needs_block(attributes: &Attributes) -> bool {
    !attributes.xattrs.is_empty() && !split(attributes).1.is_empty()
}

/// The part of the inode and the block that hold these attributes.
pub(super) fn encode(attributes: &Attributes) -> ([u8; IN_INODE], Option<Box<[u8]>>) {
    let mut inode = [0; IN_INODE];
    let (inside, outside) = split(attributes);
    if !inside.is_empty() {
        Record(&mut inode).u32(0, MAGIC);
        // Value offsets are relative to the first entry.
        write_entries(&mut inode[4..], 0, &inside);
    }
    if outside.is_empty() {
        return (inode, None);
    }
    let mut block = vec![0; BLOCK].into_boxed_slice();
    let hash = write_entries(&mut block, BLOCK_HEADER, &outside);
    let mut header = Record(&mut block);
    header.u32(0, MAGIC);
    header.u32(4, 1);
    header.u32(8, 1);
    header.u32(12, hash);
    (inode, Some(block))
}

/// Puts the checksum into a block that will be written to block `place`.
pub(super) fn seal(block: &mut [u8], place: u64, seed: Checksum) {
    let checksum = seed.update(&place.to_le_bytes()).update(block);
    Record(block).u32(16, checksum.value());
}

/// One attribute as it is on disk.
struct Pair<'a> {
    index: u8,
    suffix: &'a [u8],
    value: Cow<'a, [u8]>,
}

impl Pair<'_> {
    fn size(&self) -> usize {
        ENTRY + self.suffix.len().next_multiple_of(4) + self.value.len().next_multiple_of(4)
    }

    fn hash(&self) -> u32 {
        let mut hash = 0u32;
        for &byte in self.suffix {
            hash = hash.rotate_left(5) ^ u32::from(byte);
        }
        for chunk in self.value.chunks(4) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = hash.rotate_left(16) ^ u32::from_le_bytes(word);
        }
        hash
    }
}

/// Splits attributes into those for the inode, in order while they fit, and those for the block.
fn split(attributes: &Attributes) -> (Vec<Pair<'_>>, Vec<Pair<'_>>) {
    let mut space = INODE_SPACE;
    let pairs = attributes.xattrs.iter().filter_map(|(name, value)| {
        let (index, suffix) = index(name)?;
        let value = if is_acl(name) {
            Cow::Owned(acl_to_disk(value))
        } else {
            Cow::Borrowed(&value[..])
        };
        Some(Pair {
            index,
            suffix,
            value,
        })
    });
    pairs.partition(|pair| {
        let size = pair.size();
        let fits = size <= space;
        if fits {
            space -= size;
        }
        fits
    })
}

/// Writes entries upwards from offset `at`, and values downwards from the end; returns the hash of
/// all.
fn write_entries(area: &mut [u8], mut at: usize, pairs: &[Pair<'_>]) -> u32 {
    let (mut end, mut whole) = (area.len(), 0u32);
    for pair in pairs {
        let (suffix, value) = (pair.suffix, &pair.value);
        let mut offset = 0;
        if !value.is_empty() {
            end -= value.len().next_multiple_of(4);
            offset = end;
        }
        let hash = pair.hash();
        whole = whole.rotate_left(16) ^ hash;
        let mut record = Record(area);
        record.u8(at, u8::try_from(suffix.len()).unwrap_or(u8::MAX));
        record.u8(at + 1, pair.index);
        record.u16(at + 2, u16::try_from(offset).unwrap_or(0));
        record.u32(at + 8, low32(value.len() as u64));
        record.u32(at + 12, hash);
        record.bytes(at + ENTRY, suffix);
        record.bytes(offset.min(end), value);
        at += ENTRY + suffix.len().next_multiple_of(4);
    }
    whole
}

/// Converts an ACL to the form of ext4: version 1, in which only named users and groups have an id.
fn acl_to_disk(value: &[u8]) -> Vec<u8> {
    let mut out = 1u32.to_le_bytes().to_vec();
    for (entry, named) in acl_entries(value).unwrap_or_default() {
        out.extend_from_slice(&entry[..if named { 8 } else { 4 }]);
    }
    out
}
