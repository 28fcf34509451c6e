//! A blob that can be read any number of times, wherever its bytes are.
//!
//! A blob is a handle: making one moves no bytes. Its content comes as a stream of pieces, and as
//! a [`FileRange`] too when it lies in a file of this machine, for those who read with system
//! calls. No blob is ever held in memory as a whole, but for the small ones that
//! [`Blob::bytes`] is asked for.

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
    /// A blob whose bytes `content` gives.
    pub fn new(descriptor: Descriptor, content: impl Content + 'static) -> Self {
        Self {
            descriptor,
            content: Arc::new(content),
        }
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

    /// The bytes from `offset` (in bytes) to the end, not verified unless [`Blob::is_verified`]
    /// says so.
    #[must_use]
    pub fn read(&self, offset: u64) -> Pieces {
        self.content.read(offset)
    }

    /// The file of this machine that holds the bytes.
    #[must_use]
    pub fn file(&self) -> Option<&FileRange> {
        self.content.file()
    }

    /// Whether its digest was checked already or is checked by its stream.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.content.is_verified()
    }

    /// The whole content of a small blob, verified.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond `limit` bytes; [`Error::SizeMismatch`] and
    /// [`Error::DigestMismatch`] for content that the descriptor does not describe; those of
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

    /// Compares what was counted with what was announced.
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

    /// What messages call it.
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
