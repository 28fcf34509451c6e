//! The unit in which disks are counted.

/// Block size in bytes; the only one that the writers know.
pub(crate) const BLOCK: usize = 4096;
/// The same, for arithmetic with offsets.
pub(crate) const BLOCK_U64: u64 = BLOCK as u64;
