//! Writes directory blocks: records from the front, then the names, all in bytewise order.

use crate::blocks::BLOCK;
use crate::bytes::{Record, low16, low32};
use crate::error::Error;

/// Size of a record in bytes.
const RECORD: usize = 12;

/// One name of a directory, `.` and `..` included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) nid: u64,
    pub(super) kind: u8,
}

/// Size in bytes of a directory with these names: whole blocks, and the used part of the last one.
pub(super) fn size<'a>(names: impl Iterator<Item = &'a [u8]>) -> u64 {
    let (mut full, mut used) = (0, 0);
    for name in names {
        let size = RECORD + name.len();
        if used + size > BLOCK {
            full += 1;
            used = 0;
        }
        used += size;
    }
    (full * BLOCK + used) as u64
}

/// Yields the blocks in order; all but the last have the full length.
pub(super) fn pack<'a>(
    entries: impl Iterator<Item = Entry<'a>>,
    mut emit: impl FnMut(&[u8], bool) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut block: Vec<Entry<'a>> = Vec::new();
    let mut used = 0;
    for entry in entries {
        let size = RECORD + entry.name.len();
        if used + size > BLOCK {
            emit(&encode(&block, BLOCK), false)?;
            block.clear();
            used = 0;
        }
        block.push(entry);
        used += size;
    }
    emit(&encode(&block, used), true)
}

fn encode(entries: &[Entry<'_>], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut name_at = entries.len() * RECORD;
    for (index, entry) in entries.iter().enumerate() {
        let mut record = Record(&mut bytes[index * RECORD..]);
        record.split_u32(0, 4, entry.nid);
        record.u16(8, low16(low32(name_at as u64)));
        record.u8(10, entry.kind);
        bytes[name_at..name_at + entry.name.len()].copy_from_slice(entry.name);
        name_at += entry.name.len();
    }
    bytes
}
