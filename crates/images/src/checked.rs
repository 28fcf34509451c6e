//! Compares content with its descriptor while it is read.

use std::io::{self, Read};

use lazaret_oci::{Descriptor, Hasher};

use crate::Error;

/// A reader that hashes and counts. It yields at most one byte more than the descriptor announces,
/// which is enough to detect content that is too long.
pub(crate) struct Checked<R> {
    content: io::Take<R>,
    hasher: Hasher,
    size: u64,
    descriptor: Descriptor,
    subject: String,
}

impl<R: Read> Checked<R> {
    /// Reads `content`; messages call it `subject`.
    pub(crate) fn new(content: R, descriptor: &Descriptor, subject: &str) -> Self {
        Self {
            content: content.take(descriptor.size.saturating_add(1)),
            hasher: Hasher::new(descriptor.digest.algorithm()),
            size: 0,
            descriptor: descriptor.clone(),
            subject: subject.to_owned(),
        }
    }

    /// Checks that everything that was read is the content of the descriptor. Content for which
    /// this fails or was not called must not be kept.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.size != self.descriptor.size {
            return Err(Error::SizeMismatch {
                subject: self.subject,
                expected: self.descriptor.size,
                actual: self.size,
            });
        }
        let actual = self.hasher.finish();
        if actual != self.descriptor.digest {
            return Err(Error::DigestMismatch {
                subject: self.subject,
                expected: self.descriptor.digest,
                actual,
            });
        }
        Ok(())
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        self.size += length as u64;
        Ok(length)
    }
}
