//! The port for content: objects with unique names.
//!
//! An object is named after the upload that made it, and no name is ever reused. Only
//! [`crate::Metadata`] knows the digest of an object. So deleting an object cannot race with a push
//! of the same content: the push makes another object.

use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lazaret_oci::Hasher;

use crate::{Blob, Error, UploadId};

/// A boxed future, so that ports can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store of objects, which are written front to back in any number of requests and processes,
/// then sealed.
///
/// ```text
/// (nothing) --append--> staged --append*--> staged --seal--> sealed, durable, readable
///                         \------------------delete-----------/--> gone
/// ```
///
/// [`crate::Metadata::claim_upload`] decides which writer may write to an object: an adapter need
/// not handle two writers at once, but must survive the death of a writer.
pub trait BlobStore: Send + Sync {
    /// Continues an object at the end that `staged` records; [`Staged::default`] begins one.
    /// Bytes after that end, left by a writer that died, are discarded.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] when the store has less than `staged` records; [`Error::Full`].
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> BoxFuture<'a, Result<Box<dyn ObjectWriter>, Error>>;

    /// Makes a staged object durable and readable. Sealing it again succeeds, as the answer to the
    /// first call may have been lost.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] when the staged object is missing.
    fn seal<'a>(&'a self, id: &'a UploadId, staged: &'a Staged)
    -> BoxFuture<'a, Result<(), Error>>;

    /// Opens a sealed object of `size` bytes, or the part of it in `range` (clamped to its size).
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`] when the store fails, or the object has another
    /// size.
    fn open<'a>(
        &'a self,
        id: &'a UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>>;

    /// Size of a sealed object in bytes; `None` when there is no such object.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`] when the store fails; this does not mean "none".
    fn stat<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>>;

    /// Removes an object, sealed or staged; does nothing when there is none. Readers that
    /// have it open can finish where the store allows that.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`] when the store fails; the object may still exist.
    fn delete<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Lists objects, sealed or staged, in order of name, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Bucket`] or [`Error::Io`].
    fn list<'a>(
        &'a self,
        after: Option<&'a UploadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StoredObject>, Error>>;

    /// Makes a local file the staged content of a new object, by moving it; `None` when this store
    /// cannot, and the content is to be appended. The file is then left as it is.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be moved.
    fn adopt<'a>(
        &'a self,
        _id: &'a UploadId,
        _file: &'a Path,
    ) -> BoxFuture<'a, Result<Option<Staged>, Error>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Whether there is room for more content, as far as the store can tell.
    ///
    /// # Errors
    /// [`Error::Full`].
    fn room(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Size in bytes below which chunks are inefficient, except the last.
    fn least_chunk(&self) -> u64 {
        0
    }

    /// The capability to let clients read directly from the store, if it has it.
    fn presign(&self) -> Option<&dyn Presign> {
        None
    }
}

/// The staged part of an object, and the adapter's state for continuing it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staged {
    /// Number of staged bytes.
    pub size: u64,
    /// The adapter's state, as text that any replica of this version can read.
    pub state: Option<String>,
}

/// Appends to one object. If it is dropped, the object stays as its last [`Staged`] records.
pub trait ObjectWriter: Send {
    /// Appends bytes. Waits while the store is slower than the caller.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`]; everything written since the last [`Staged`] is then
    /// lost.
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>>;

    /// Waits until everything is staged. The returned hasher has then seen every byte
    /// that was written.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`]; everything written since the last [`Staged`] is then
    /// lost.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(Staged, Option<Hasher>), Error>>;
}

/// An object in a listing of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Name of the object.
    pub id: UploadId,
    /// Number of bytes in the store.
    pub size: u64,
    /// Time of the last write.
    pub modified: SystemTime,
}

/// Makes links to objects for clients that have no credentials for the store.
pub trait Presign: Send + Sync {
    /// A URL for reading a sealed object, valid until `expires` has passed.
    ///
    /// # Errors
    /// [`Error::Object`] when the store cannot sign a link.
    fn link<'a>(
        &'a self,
        id: &'a UploadId,
        expires: Duration,
    ) -> BoxFuture<'a, Result<String, Error>>;
}
