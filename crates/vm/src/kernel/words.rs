//! Reads little-endian numbers from untrusted bytes: `None` past the end.

pub(super) fn word16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn word32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A 64-bit offset or length, as an index.
pub(super) fn word64(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

/// A 32-bit offset or length, as an index.
pub(super) fn index32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(word32(bytes, at)?).ok()
}
