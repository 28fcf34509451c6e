//! The port for content: objects with names that nobody else has.
//!
//! An object is named by the upload it came from, and no name is ever used twice. Which digest
//! an object holds is for [`crate::Metadata`] to say, so that deleting an object can never race
//! with somebody who pushes the same content again: that makes another object.

use std::ops::Range;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lazaret_oci::Hasher;

use crate::{Blob, Error, UploadId};

/// A boxed future, so that ports can be used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Objects, written front to back over any number of requests and processes, then sealed.
///
/// ```text
/// (nothing) --append--> staged --append*--> staged --seal--> sealed, durable, readable
///                         \------------------delete-----------/--> gone
/// ```
///
/// [`crate::Metadata::claim_upload`] decides who may write to an object: an adapter need not
/// defend itself against two writers at once, only stay whole when a writer dies.
pub trait BlobStore: Send + Sync {
    /// Continues an object where `staged` says that it ends; [`Staged::default`] begins it.
    /// Bytes beyond, which a writer that died has written, are discarded.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] when less is there than `staged` says.
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> BoxFuture<'a, Result<Box<dyn ObjectWriter>, Error>>;

    /// Makes what was staged durable and readable. Sealing what is sealed already, by a call
    /// whose answer was lost, succeeds.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] when what was staged is not there.
    fn seal<'a>(&'a self, id: &'a UploadId, staged: &'a Staged)
    -> BoxFuture<'a, Result<(), Error>>;

    /// A sealed object of `size` bytes, or the part of it in `range` (clamped to its size).
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`] when the store refuses, or the object has another
    /// size.
    fn open<'a>(
        &'a self,
        id: &'a UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>>;

    /// Size of a sealed object in bytes, or `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`] when the store refuses; that is not "none".
    fn stat<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>>;

    /// Removes an object, sealed or staged; nothing happens when there is none. Readers that
    /// have it open finish where the store allows that.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`] when the store refuses; the object may be there still.
    fn delete<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Objects, sealed or staged, in order of name, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Bucket`] or [`Error::Io`].
    fn list<'a>(
        &'a self,
        after: Option<&'a UploadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StoredObject>, Error>>;

    /// Chunks smaller than this many bytes are dear, except the last.
    fn least_chunk(&self) -> u64 {
        0
    }

    /// The capability to let clients read from the store itself.
    fn presign(&self) -> Option<&dyn Presign> {
        None
    }
}

/// The staged bytes of an object, and the adapter's own notes for continuing it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staged {
    /// Bytes.
    pub size: u64,
    /// The adapter's own, in a text form that any replica of this version reads.
    pub state: Option<String>,
}

/// Appends to one object. Dropping it leaves the object as its last [`Staged`] said.
pub trait ObjectWriter: Send {
    /// Adds bytes. Waits while the store is slower than the caller.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`]; what was written since the last [`Staged`] is then lost.
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>>;

    /// Waits until everything is staged. The hasher that was given has then seen every byte
    /// that was written, too.
    ///
    /// # Errors
    /// [`Error::Object`] or [`Error::Io`]; what was written since the last [`Staged`] is then lost.
    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(Staged, Option<Hasher>), Error>>;
}

/// An object as the store sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name.
    pub id: UploadId,
    /// Bytes that are there.
    pub size: u64,
    /// Time of the last write.
    pub modified: SystemTime,
}

/// Links to objects for clients that have no credentials of the store.
pub trait Presign: Send + Sync {
    /// A URL that reads a sealed object until `expires` has passed.
    ///
    /// # Errors
    /// [`Error::Object`] when the store signs none.
    fn link<'a>(
        &'a self,
        id: &'a UploadId,
        expires: Duration,
    ) -> BoxFuture<'a, Result<String, Error>>;
}
