//! Reads little-endian fields of records, which may be cut short.

use super::image::damaged;
use crate::error::Error;

/// A record that was read.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn bytes(self, at: usize, length: usize) -> Result<&'a [u8], Error> {
        at.checked_add(length)
            .and_then(|end| self.0.get(at..end))
            .ok_or_else(|| damaged("a record is cut short"))
    }

    fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Error> {
        let bytes = self.bytes(at, N)?;
        bytes
            .try_into()
            .map_err(|_| damaged("a record is cut short"))
    }

    pub(crate) fn u8(self, at: usize) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn u16(self, at: usize) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn u32(self, at: usize) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn u64(self, at: usize) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    /// A value whose high half is in a separate field.
    pub(crate) fn split_u32(self, low: usize, high: usize) -> Result<u64, Error> {
        Ok(u64::from(self.u32(low)?) | u64::from(self.u32(high)?) << 32)
    }

    pub(crate) fn split_u16(self, low: usize, high: usize) -> Result<u32, Error> {
        Ok(u32::from(self.u16(low)?) | u32::from(self.u16(high)?) << 16)
    }
}
