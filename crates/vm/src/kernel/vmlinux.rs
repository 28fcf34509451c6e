//! Extracts the uncompressed kernel from a boot image.
//!
//! Booting it directly through its PVH entry saves the guest from decompressing itself, which
//! costs about half a second when QEMU interprets the guest.

use super::{
    compression,
    words::{index32, word16, word32, word64},
};

/// `XEN_ELFNOTE_PHYS32_ENTRY` (Linux `include/xen/interface/elfnote.h`).
const NOTE_PHYS32_ENTRY: u32 = 18;
const PT_INTERP: u32 = 3;
const PT_NOTE: u32 = 4;
const PROGRAM_HEADER_BYTES: usize = 56;
const LZ4_LEGACY_MAGIC: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];
const LZ4_LEGACY_BLOCK_BYTES: usize = 8 * 1024 * 1024;

/// As [`unpack`], if the kernel has a PVH entry; otherwise `None`, and the boot image itself is used.
pub(super) fn extract(payload: &[u8], limit: u64) -> Option<Vec<u8>> {
    unpack(payload, limit).filter(|kernel| has_pvh_entry(kernel))
}

/// The kernel in `payload`, if it has at most `limit` bytes and is packed with lz4, xz, zstd or gzip.
pub(super) fn unpack(payload: &[u8], limit: u64) -> Option<Vec<u8>> {
    if payload.starts_with(&LZ4_LEGACY_MAGIC) {
        unpack_lz4(&payload[LZ4_LEGACY_MAGIC.len()..], limit)
    } else {
        // All but gzip are followed by the size in four bytes, which decoders refuse as trailing
        // garbage.
        let streams = [
            Some(payload),
            payload.split_last_chunk::<4>().map(|(stream, _)| stream),
        ];
        streams
            .into_iter()
            .flatten()
            .find_map(|it| compression::read_bounded(it, limit).ok())
    }
}

/// Unpacks the legacy frame: blocks of 8 MiB, each after its packed size. Linux appends the
/// unpacked size of the whole, which streams of `lz4 -l` lack.
fn unpack_lz4(mut frame: &[u8], limit: u64) -> Option<Vec<u8>> {
    let (_, size) = frame.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    if size as u64 > limit {
        return None;
    }
    let mut kernel = Vec::new();
    let mut block = vec![0; LZ4_LEGACY_BLOCK_BYTES];
    while kernel.len() < size {
        let (packed, rest) = frame.split_first_chunk::<4>()?;
        let packed = usize::try_from(u32::from_le_bytes(*packed)).ok()?;
        let (packed, rest) = rest.split_at_checked(packed)?;
        let bytes = lz4_flex::block::decompress_into(packed, &mut block).ok()?;
        if bytes == 0 {
            return None;
        }
        kernel.extend_from_slice(&block[..bytes]);
        frame = rest;
    }
    (kernel.len() == size).then_some(kernel)
}

/// Whether an ELF64 file has the note with which QEMU finds the 32-bit PVH entry.
pub(super) fn has_pvh_entry(elf: &[u8]) -> bool {
    elf.get(..6) == Some(b"\x7fELF\x02\x01") && find_entry(elf).is_some()
}

/// Whether an ELF64 file names a loader, which kernels have no use for.
pub(super) fn has_loader(elf: &[u8]) -> bool {
    let mut headers = headers(elf).into_iter().flatten();
    headers.any(|header| word32(header, 0) == Some(PT_INTERP))
}

/// The program headers, each from its first byte on.
fn headers(elf: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let table = word64(elf, 0x20)?;
    let size = usize::from(word16(elf, 0x36)?);
    let count = usize::from(word16(elf, 0x38)?);
    let header = move |index| elf.get(table.checked_add(index * PROGRAM_HEADER_BYTES)?..);
    (size == PROGRAM_HEADER_BYTES).then(|| (0..count).map_while(header))
}

fn find_entry(elf: &[u8]) -> Option<()> {
    // Notes of a sound file do not overlap: together they are no longer than it.
    let mut left = elf.len();
    headers(elf)?.find_map(|header| {
        if word32(header, 0)? != PT_NOTE {
            return None;
        }
        let start = word64(header, 8)?;
        let notes = elf.get(start..start.checked_add(word64(header, 0x20)?)?)?;
        left = left.checked_sub(notes.len())?;
        note_in(notes)
    })
}

fn note_in(mut notes: &[u8]) -> Option<()> {
    loop {
        let name_bytes = index32(notes, 0)?;
        let value_bytes = index32(notes, 4)?;
        let kind = word32(notes, 8)?;
        let value_at = 12_usize.checked_add(name_bytes.checked_next_multiple_of(4)?)?;
        let end = value_at.checked_add(value_bytes.checked_next_multiple_of(4)?)?;
        let name = notes.get(12..12_usize.checked_add(name_bytes)?)?;
        if name == b"Xen\0" && kind == NOTE_PHYS32_ENTRY && value_bytes >= 4 {
            return Some(());
        }
        notes = notes.get(end..)?;
    }
}
