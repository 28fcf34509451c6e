//! CRC-32C as Linux file systems chain it: from all ones, without a final inversion.

/// A checksum in the making.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checksum(u32);

impl Checksum {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self(u32::MAX);

    pub(crate) fn update(self, bytes: &[u8]) -> Self {
        Self(!crc32c::crc32c_append(!self.0, bytes))
    }

    pub(crate) fn value(self) -> u32 {
        self.0
    }
}
