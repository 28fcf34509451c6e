//! Encodes extended attributes: after the inode, or in a shared area if several files have them.

use std::collections::HashMap;

use crate::bytes::{Record, low16, low32};
use crate::error::{Error, show};
use crate::tree::Attributes;
use crate::xattr::index;

/// Size of the header before an inode's attributes, in bytes.
pub(super) const HEADER: usize = 12;
const ENTRY: usize = 4;
/// Most shared attributes of an inode, which counts them in 8 bits.
const SHARED_MAX: usize = 255;
/// Namespace index of `system.`, which EROFS does not store; ACLs have indexes of their own.
const SYSTEM: u8 = 7;
/// Most bytes of one file's attributes that Linux can list.
const BYTES_MAX: usize = 65_536;

/// One attribute as it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pair<'a> {
    index: u8,
    suffix: &'a [u8],
    value: &'a [u8],
}

/// Refuses attributes that an EROFS cannot hold.
pub(crate) fn check(path: &[u8], attributes: &Attributes) -> Result<(), Error> {
    let bytes = pairs(attributes).map(|pair| pair.size()).sum();
    if bytes > BYTES_MAX {
        return Err(Error::XattrsTooLarge {
            path: show(path),
            bytes,
        });
    }
    Ok(())
}

fn pairs(attributes: &Attributes) -> impl Iterator<Item = Pair<'_>> {
    let known = attributes.xattrs.iter().filter_map(|(name, value)| {
        let (index, suffix) = index(name)?;
        Some(Pair {
            index,
            suffix,
            value,
        })
    });
    known.filter(|pair| pair.index != SYSTEM)
}

impl Pair<'_> {
    fn size(&self) -> usize {
        (ENTRY + self.suffix.len() + self.value.len()).next_multiple_of(4)
    }

    fn append(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.resize(start + self.size(), 0);
        let mut record = Record(&mut bytes[start..]);
        record.u8(0, u8::try_from(self.suffix.len()).unwrap_or(u8::MAX));
        record.u8(1, self.index);
        record.u16(2, low16(low32(self.value.len() as u64)));
        record.bytes(ENTRY, self.suffix);
        record.bytes(ENTRY + self.suffix.len(), self.value);
    }
}

/// The attributes that several files have.
pub(super) struct Shared<'a> {
    ids: HashMap<Pair<'a>, u32>,
    bytes: Vec<u8>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(files: impl Iterator<Item = &'a Attributes> + Clone) -> Self {
        let mut counts = HashMap::new();
        for pair in files.clone().flat_map(pairs) {
            *counts.entry(pair).or_insert(0u32) += 1;
        }
        let (mut ids, mut bytes) = (HashMap::new(), Vec::new());
        // In the order of the files, so that the same tree gives the same bytes.
        for pair in files.flat_map(pairs) {
            if counts.get(&pair).is_some_and(|&count| count > 1) && !ids.contains_key(&pair) {
                ids.insert(pair, low32((bytes.len() / 4) as u64));
                pair.append(&mut bytes);
            }
        }
        Self { ids, bytes }
    }

    /// The area that holds them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Size in bytes of the result of [`body`](Self::body).
    pub(super) fn body_size(&self, attributes: &Attributes) -> usize {
        if pairs(attributes).next().is_none() {
            return 0;
        }
        let (shared, own) = self.split(attributes);
        HEADER + 4 * shared.len() + own.iter().map(Pair::size).sum::<usize>()
    }

    /// The attribute bytes that follow an inode.
    pub(super) fn body(&self, attributes: &Attributes) -> Vec<u8> {
        if pairs(attributes).next().is_none() {
            return Vec::new();
        }
        let (shared, own) = self.split(attributes);
        let mut bytes = vec![0; HEADER];
        bytes[4] = u8::try_from(shared.len()).unwrap_or(u8::MAX);
        for id in shared {
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        for pair in own {
            pair.append(&mut bytes);
        }
        bytes
    }

    fn split<'b>(&self, attributes: &'b Attributes) -> (Vec<u32>, Vec<Pair<'b>>) {
        let (mut shared, mut own) = (Vec::new(), Vec::new());
        for pair in pairs(attributes) {
            match self.ids.get(&pair) {
                Some(&id) if shared.len() < SHARED_MAX => shared.push(id),
                _ => own.push(pair),
            }
        }
        (shared, own)
    }
}
