//! Streams whose length nobody knows, such as what unpacks from a compressed file.

use std::io::{self, Read};

use lazaret_values::Ratio;

/// Sound archives unpack to 2 to 20 times their size.
const UNPACKED: Ratio = Ratio {
    free: 64 * 1024 * 1024,
    times: 100,
};

/// The most that a compressed file of `size` bytes may unpack to, in bytes: 64 MiB, and 100 times
/// its size.
#[must_use]
pub fn unpacked_limit(size: u64) -> u64 {
    UNPACKED.of(size)
}

/// A stream that fails beyond so many bytes. [`Read::take`] would end it there instead, as if it
/// were whole.
#[derive(Debug)]
pub struct Bounded<R> {
    source: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Bounded<R> {
    /// A stream of at most `limit` bytes.
    #[must_use]
    pub fn new(source: R, limit: u64) -> Self {
        let left = limit;
        Self {
            source,
            left,
            limit,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        let Some(left) = self.left.checked_sub(length as u64) else {
            let limit = self.limit;
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it unpacks to more than {limit} bytes"),
            ));
        };
        self.left = left;
        Ok(length)
    }
}

#[cfg(test)]
mod tests;
