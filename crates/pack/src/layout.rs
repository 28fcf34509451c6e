//! The numbers of the format.

/// The version of the format.
pub const VERSION: u32 = 1;
/// Sections begin at multiples of this, in bytes: the block size of disks.
pub const ALIGNMENT: u64 = 4096;
/// Largest program, in bytes.
pub const LARGEST_PROGRAM: u64 = 1 << 30;
/// Largest manifest, in bytes.
pub const LARGEST_MANIFEST: u64 = 1 << 20;
/// Largest launch configuration, in bytes.
pub const LARGEST_LAUNCH: u64 = 4 << 20;
/// Largest kernel and initramfs together with any other section that is read as a whole, in bytes.
pub(crate) const LARGEST_WHOLE: u64 = 1 << 30;
/// Largest signature, in bytes.
pub(crate) const LARGEST_SIGNATURE: u64 = 4096;
/// Most sections.
pub const MOST_SECTIONS: usize = 64;
/// Largest file, in bytes: every sum of two offsets below it is a number of 64 bits.
pub(crate) const LARGEST_FILE: u64 = 1 << 62;

/// The first multiple of [`ALIGNMENT`] that is not below `offset`, which is at most [`LARGEST_FILE`].
pub(crate) fn aligned(offset: u64) -> u64 {
    offset.next_multiple_of(ALIGNMENT)
}
