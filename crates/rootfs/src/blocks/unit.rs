//! The block size of all disks.

/// Block size in bytes; the writers support no other.
pub(crate) const BLOCK: usize = 4096;
/// The same, for arithmetic with offsets.
pub(crate) const BLOCK_U64: u64 = BLOCK as u64;
