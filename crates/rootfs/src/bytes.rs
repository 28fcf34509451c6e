//! Writes little-endian fields of fixed records. Offsets are constants, so that a slip fails every
//! test.

/// A record under construction.
pub(crate) struct Record<'a>(pub(crate) &'a mut [u8]);

impl Record<'_> {
    pub(crate) fn u8(&mut self, at: usize, value: u8) {
        self.0[at] = value;
    }

    pub(crate) fn u16(&mut self, at: usize, value: u16) {
        self.0[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Writes the low and the high half of a value to two separate fields, as ext4 splits them.
    pub(crate) fn split_u32(&mut self, low: usize, high: usize, value: u64) {
        self.u32(low, low32(value));
        self.u32(high, low32(value >> 32));
    }

    pub(crate) fn split_u16(&mut self, low: usize, high: usize, value: u32) {
        self.u16(low, low16(value));
        self.u16(high, low16(value >> 16));
    }

    pub(crate) fn bytes(&mut self, at: usize, value: &[u8]) {
        self.0[at..at + value.len()].copy_from_slice(value);
    }
}

/// The low 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "cutting is the purpose")]
pub(crate) fn low32(value: u64) -> u32 {
    value as u32
}

/// The low 16 bits.
#[expect(clippy::cast_possible_truncation, reason = "cutting is the purpose")]
pub(crate) fn low16(value: u32) -> u16 {
    value as u16
}
