//! A blob of an image, which can be read any number of times, from any place.
//!
//! A blob is a handle: making one moves no bytes. Its content is a stream of pieces; if it lies in
//! a file of this machine, it is also available as a [`FileRange`], for readers with system calls.
//! No blob is ever held in memory as a whole, except small ones through [`Blob::bytes`].

mod content;
mod pieces;
mod range;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use lazaret_oci::{Descriptor, Digest};

pub use content::Content;
use content::InMemory;
pub use pieces::Pieces;
pub use range::{FileRange, RangeReader};

use crate::Error;

/// A blob of an image.
#[derive(Clone)]
pub struct Blob {
    descriptor: Descriptor,
    content: Arc<dyn Content>,
}

impl Blob {
    /// A blob with this descriptor, whose bytes `content` yields.
    pub fn new(descriptor: Descriptor, content: impl Content + 'static) -> Self {
        Self {
            descriptor,
            content: Arc::new(content),
        }
    }

    /// A blob in a file of this machine.
    ///
    /// # Errors
    /// [`Error::SizeMismatch`] when the file has another size than the descriptor says.
    pub fn of_range(descriptor: Descriptor, range: FileRange) -> Result<Self, Error> {
        let actual = range.length();
        let blob = Self::new(descriptor, range);
        blob.check_size(actual)?;
        Ok(blob)
    }

    /// A blob in memory.
    #[must_use]
    pub fn of_bytes(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::new(Descriptor::of(media_type, &bytes), InMemory(bytes))
    }

    /// Type, digest and size.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The bytes from `offset` (in bytes) to the end, verified only if [`Blob::is_verified`]
    /// returns true.
    #[must_use]
    pub fn read(&self, offset: u64) -> Pieces {
        self.content.read(offset)
    }

    /// The file of this machine that holds the bytes.
    #[must_use]
    pub fn file(&self) -> Option<&FileRange> {
        self.content.file()
    }

    /// Whether its digest was already checked, or its stream checks it.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.content.is_verified()
    }

    /// The whole content of a small blob, verified.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond `limit` bytes; [`Error::SizeMismatch`] and
    /// [`Error::DigestMismatch`] for content that differs from the descriptor; those of
    /// reading.
    pub async fn bytes(&self, limit: u64) -> Result<Vec<u8>, Error> {
        let Descriptor { digest, size, .. } = &self.descriptor;
        if *size > limit {
            return Err(Error::TooLarge { size: *size, limit });
        }
        let mut whole = Vec::new();
        let mut pieces = self.read(0);
        while let Some(piece) = pieces.try_next().await? {
            whole.extend_from_slice(&piece);
            if whole.len() as u64 > *size {
                break;
            }
        }
        self.check_size(whole.len() as u64)?;
        let actual = Digest::with(digest.algorithm(), &whole);
        if actual == *digest {
            Ok(whole)
        } else {
            Err(Error::DigestMismatch {
                subject: self.subject(),
                expected: digest.clone(),
                actual,
            })
        }
    }

    /// Compares the number of bytes read with the descriptor's size, both in bytes.
    pub(crate) fn check_size(&self, actual: u64) -> Result<(), Error> {
        let expected = self.descriptor.size;
        if actual == expected {
            return Ok(());
        }
        Err(Error::SizeMismatch {
            subject: self.subject(),
            expected,
            actual,
        })
    }

    /// The name of the blob in messages.
    pub(crate) fn subject(&self) -> String {
        match self.file() {
            Some(range) => range.name().to_owned(),
            None => format!("blob {}", self.descriptor.digest),
        }
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob")
            .field("descriptor", &self.descriptor)
            .finish_non_exhaustive()
    }
}
