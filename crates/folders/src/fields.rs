//! Reads the fields of a request.

use rustix::io::Errno;

/// The bytes that are still to be read.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Errno> {
        let (field, rest) = self.0.split_first_chunk().ok_or(Errno::INVAL)?;
        self.0 = rest;
        Ok(u32::from_ne_bytes(*field))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Errno> {
        let (field, rest) = self.0.split_first_chunk().ok_or(Errno::INVAL)?;
        self.0 = rest;
        Ok(u64::from_ne_bytes(*field))
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), Errno> {
        self.bytes(bytes).map(drop)
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Errno> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Errno::INVAL)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The bytes up to a zero, which is required.
    pub(crate) fn text(&mut self) -> Result<&'a [u8], Errno> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = self.bytes(end.ok_or(Errno::INVAL)?)?;
        self.skip(1)?;
        Ok(text)
    }
}
