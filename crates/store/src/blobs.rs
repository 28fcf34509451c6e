//! The port for content-addressed blobs.

use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use lazaret_oci::{Algorithm, Digest};

use crate::{Blob, Error, UploadId};

/// A boxed future, so that ports can be used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Blobs by digest, and the uploads they come from.
///
/// An upload is one of:
///
/// ```text
/// create_upload -> open --append/close--> open --commit--> blob
///                   |  \--append, writer dropped--> open at the last staged byte
///                   +--abort, expire_uploads--> gone
/// ```
///
/// Only [`BlobStore::commit`] makes content visible, and only under the digest it really has.
/// Every byte is hashed once, while it is appended, unless the running hash was lost (a
/// restart, or another process wrote); then it is hashed once more at commit.
pub trait BlobStore: Send + Sync {
    /// Size in bytes, or `None` when there is no such blob.
    fn stat<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, Error>>;

    /// The blob, or the part of it in `range` (clamped to its size).
    fn open<'a>(
        &'a self,
        digest: &'a Digest,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>>;

    /// Removes a blob; `false` when there was none. Readers that have it open finish.
    fn delete<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<bool, Error>>;

    /// Starts an upload; `algorithm` is the one its digest is expected to use.
    fn create_upload<'a>(
        &'a self,
        id: &'a UploadId,
        algorithm: Algorithm,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Number of bytes staged, or `None` when there is no such upload.
    fn upload_offset<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>>;

    /// Opens an upload for writing at its end, which must be `at` when that is given.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`], [`Error::UploadBusy`] and [`Error::OffsetMismatch`].
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        at: Option<u64>,
    ) -> BoxFuture<'a, Result<Box<dyn UploadWriter>, Error>>;

    /// Publishes an upload as `digest` and returns its size. The upload is gone afterwards,
    /// also when the digest does not match.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`], [`Error::UploadBusy`] and [`Error::DigestMismatch`].
    fn commit<'a>(
        &'a self,
        id: &'a UploadId,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<u64, Error>>;

    /// Discards an upload; `false` when there was none.
    ///
    /// # Errors
    /// [`Error::UploadBusy`] while it is being written.
    fn abort<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, Error>>;

    /// Discards uploads that nobody wrote to for `idle`; returns how many.
    fn expire_uploads(&self, idle: Duration) -> BoxFuture<'_, Result<u64, Error>>;
}

/// Appends to one upload. Dropping it keeps what was staged and frees the upload.
pub trait UploadWriter: Send {
    /// Adds bytes. Waits while the store is slower than the caller.
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>>;

    /// Waits until everything is staged and returns the size of the upload in bytes.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<u64, Error>>;
}
