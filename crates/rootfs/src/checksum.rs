//! CRC-32C in the form that Linux file systems chain: it starts at all ones, with no final
//! inversion.

/// A running checksum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksum(u32);

impl Checksum {
    /// The checksum of no bytes.
    pub(crate) const EMPTY: Self = Self(u32::MAX);

    pub(crate) fn update(self, bytes: &[u8]) -> Self {
        Self(!crc32c::crc32c_append(!self.0, bytes))
    }

    pub(crate) fn value(self) -> u32 {
        self.0
    }
}
