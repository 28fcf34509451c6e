//! Extended attributes: in the inode as far as they fit, the others in one block.

use super::bytes::Record;
use super::inode::{SIZE as INODE_SIZE, XATTRS_AT};
use super::{BLOCK, bytes::low32};
use crate::error::{EntryFault, Error, show};
use crate::tree::Attributes;

const MAGIC: u32 = 0xea02_0000;
const IN_INODE: usize = INODE_SIZE - XATTRS_AT;
/// Space in the inode: all but the magic number and the zero word behind the last entry.
const INODE_SPACE: usize = IN_INODE - 4 - 4;
const BLOCK_HEADER: usize = 32;
const BLOCK_SPACE: usize = BLOCK - BLOCK_HEADER - 4;
const ENTRY: usize = 16;

const ACL_ACCESS: &[u8] = b"system.posix_acl_access";
const ACL_DEFAULT: &[u8] = b"system.posix_acl_default";

/// Namespaces that ext4 stores, with their index.
const PREFIXES: [(&[u8], u8); 4] = [
    (b"user.", 1),
    (b"trusted.", 4),
    (b"security.", 6),
    (b"system.", 7),
];

/// Brings attributes into the form that `encode` takes, or refuses them.
///
/// Names in namespaces that Linux does not store are dropped. Values of POSIX ACLs are rewritten
/// from the form of system calls and archives to that of the disk.
pub(crate) fn normalise(path: &[u8], attributes: &mut Attributes) -> Result<(), Error> {
    if attributes.xattrs.is_empty() {
        return Ok(());
    }
    let bad = || Error::entry(path, EntryFault::BadXattr);
    attributes.xattrs.retain(|(name, _)| index(name).is_some());
    for (name, value) in &mut attributes.xattrs {
        let suffix = index(name).map_or(&[][..], |(_, suffix)| suffix);
        let is_acl = name == ACL_ACCESS || name == ACL_DEFAULT;
        if name.len() > 255 || name.contains(&0) || (suffix.is_empty() && !is_acl) {
            return Err(bad());
        }
        if is_acl {
            *value = acl_to_disk(value).ok_or_else(bad)?;
        }
    }
    attributes
        .xattrs
        .sort_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    if attributes
        .xattrs
        .windows(2)
        .any(|pair| pair[0].0 == pair[1].0)
    {
        return Err(bad());
    }
    let sizes = attributes
        .xattrs
        .iter()
        .map(|(name, value)| size(name, value));
    let bytes: usize = sizes.sum();
    let (_, outside) = split(&attributes.xattrs);
    if outside
        .iter()
        .map(|(name, value)| size(name, value))
        .sum::<usize>()
        > BLOCK_SPACE
    {
        return Err(Error::XattrsTooLarge {
            path: show(path),
            bytes,
        });
    }
    Ok(())
}

/// Whether these attributes need a block outside the inode.
pub(super) fn needs_block(attributes: &Attributes) -> bool {
    !split(&attributes.xattrs).1.is_empty()
}

/// The part of the inode and the block that hold these attributes.
pub(super) fn encode(attributes: &Attributes) -> ([u8; IN_INODE], Option<Box<[u8]>>) {
    let mut inode = [0; IN_INODE];
    let (inside, outside) = split(&attributes.xattrs);
    if !inside.is_empty() {
        Record(&mut inode).u32(0, MAGIC);
        // Value offsets count from the first entry.
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

type Pair = (Vec<u8>, Vec<u8>);

/// Which attributes go into the inode, first come first served, and which do not fit there.
fn split(xattrs: &[Pair]) -> (Vec<&Pair>, Vec<&Pair>) {
    let mut space = INODE_SPACE;
    xattrs.iter().partition(|(name, value)| {
        let size = size(name, value);
        let fits = size <= space;
        if fits {
            space -= size;
        }
        fits
    })
}

/// Writes entries from `at` up and values from the end down; returns the hash over all.
fn write_entries(area: &mut [u8], mut at: usize, xattrs: &[&Pair]) -> u32 {
    let (mut end, mut whole) = (area.len(), 0u32);
    for (name, value) in xattrs {
        let Some((index, suffix)) = index(name) else {
            continue;
        };
        let mut offset = 0;
        if !value.is_empty() {
            end -= value.len().next_multiple_of(4);
            offset = end;
        }
        let hash = hash(suffix, value);
        whole = whole.rotate_left(16) ^ hash;
        let mut record = Record(area);
        record.u8(at, u8::try_from(suffix.len()).unwrap_or(u8::MAX));
        record.u8(at + 1, index);
        record.u16(at + 2, u16::try_from(offset).unwrap_or(0));
        record.u32(at + 8, low32(value.len() as u64));
        record.u32(at + 12, hash);
        record.bytes(at + ENTRY, suffix);
        record.bytes(offset.min(end), value);
        at += ENTRY + suffix.len().next_multiple_of(4);
    }
    whole
}

/// Namespace index and the rest of the name; `None` for names that are not stored.
fn index(name: &[u8]) -> Option<(u8, &[u8])> {
    match name {
        ACL_ACCESS => return Some((2, b"")),
        ACL_DEFAULT => return Some((3, b"")),
        _ if name.starts_with(b"trusted.overlay.") => return None,
        _ => {}
    }
    PREFIXES
        .iter()
        .find_map(|&(prefix, index)| Some((index, name.strip_prefix(prefix)?)))
}

/// The order in which Linux searches a block.
fn order(name: &[u8]) -> (u8, usize, &[u8]) {
    index(name).map_or((0, 0, name), |(index, suffix)| {
        (index, suffix.len(), suffix)
    })
}

fn size(name: &[u8], value: &[u8]) -> usize {
    let suffix = index(name).map_or(name.len(), |(_, suffix)| suffix.len());
    ENTRY + suffix.next_multiple_of(4) + value.len().next_multiple_of(4)
}

fn hash(name: &[u8], value: &[u8]) -> u32 {
    let mut hash = 0u32;
    for &byte in name {
        hash = hash.rotate_left(5) ^ u32::from(byte);
    }
    for chunk in value.chunks(4) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = hash.rotate_left(16) ^ u32::from_le_bytes(word);
    }
    hash
}

/// Rewrites an ACL: version 2 with 8-byte entries to version 1, where only entries for named
/// users and groups carry an id.
fn acl_to_disk(value: &[u8]) -> Option<Vec<u8>> {
    let (version, entries) = value.split_first_chunk::<4>()?;
    let (entries, rest) = entries.as_chunks::<8>();
    if u32::from_le_bytes(*version) != 2 || !rest.is_empty() {
        return None;
    }
    let mut out = 1u32.to_le_bytes().to_vec();
    for entry in entries {
        let named = match u16::from_le_bytes([entry[0], entry[1]]) {
            0x02 | 0x08 => true,
            0x01 | 0x04 | 0x10 | 0x20 => false,
            _ => return None,
        };
        out.extend_from_slice(&entry[..if named { 8 } else { 4 }]);
    }
    Some(out)
}
