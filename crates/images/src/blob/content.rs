//! The trait of whatever yields the bytes of a blob.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use super::pieces::Pieces;
use super::range::FileRange;

/// The bytes of a blob, as an adapter provides them.
pub trait Content: Send + Sync {
    /// The bytes from `offset` (in bytes) to the end. The stream reads ahead by a few pieces at most.
    fn read(&self, offset: u64) -> Pieces;

    /// The file of this machine that holds the bytes.
    fn file(&self) -> Option<&FileRange> {
        None
    }

    /// Whether the bytes have the blob's digest: they were checked when they were stored, or the
    /// stream checks them and ends with an error if they do not.
    fn is_verified(&self) -> bool {
        false
    }
}

impl Content for FileRange {
    fn read(&self, offset: u64) -> Pieces {
        self.pieces(offset)
    }

    fn file(&self) -> Option<&FileRange> {
        Some(self)
    }

    fn is_verified(&self) -> bool {
        self.is_checked()
    }
}

/// Content in memory.
pub(super) struct InMemory(pub(super) Bytes);

impl Content for InMemory {
    fn read(&self, offset: u64) -> Pieces {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.0.len());
        let rest = self.0.slice(start..);
        stream::iter((!rest.is_empty()).then_some(Ok(rest))).boxed()
    }
}
