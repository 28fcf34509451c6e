//! Stores objects in a bucket: S3 and compatible stores, Google Cloud Storage, Azure Blob Storage,
//! or memory.
//!
//! ```text
//! <prefix>/objects/<2 digits>/<id>                      sealed objects
//! <prefix>/uploads/<2 digits>/<id>/tail.<random>        bytes at the end of a staged object
//! <prefix>/uploads/<2 digits>/<id>/multipart.<random>   text: a multipart upload that was begun
//! ```
//!
//! A staged object, written by any number of requests to any replicas, consists of
//!
//! ```text
//! part 0 | part 1 | ... | part n     of one multipart upload, none below one part
//! tail, tail, ...                    objects of their own, together at most one part
//! ```
//!
//! Sealing completes the multipart upload with the tails as its last part, or copies the tail of an
//! object that has no part. Only the key of the sealed object may be written twice, and always with
//! the same content: a late request does no harm.
//!
//! Memory: an upload collects at most one part and has two in flight,
//! and all uploads together have at most 16 parts in flight. Parts have 5 MiB up to
//! 10 GB of an object ([`parts`] has the sizes of larger ones).
//!
//! A process that dies after it began a multipart upload and before it wrote the note leaves an
//! upload without parts; a bucket rule that aborts incomplete uploads after some days removes it.

mod bucket;
pub mod fuzzing;
mod hashing;
mod http;
mod keys;
mod listing;
mod memory;
mod options;
mod parts;
mod reading;
mod removing;
mod sealing;
mod shared;
mod state;
mod tails;
mod writer;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use lazaret_oci::Hasher;

use crate::{
    Blob, BlobStore, BoxFuture, Error, ObjectWriter, Presign, Staged, StoredObject, UploadId,
};

use bucket::Bucket;
use keys::Keys;
pub use options::CloudOptions;
use parts::PartSizes;
use shared::Shared;
use state::State;
use writer::CloudWriter;

/// An object store in a bucket. Any number of processes may share it.
#[derive(Debug, Clone)]
pub struct CloudObjects(Arc<Shared>);

impl CloudObjects {
    /// Opens the bucket of the options. It sends no request.
    ///
    /// # Errors
    /// [`Error::Options`] with the mistake in the options.
    pub fn open(options: &CloudOptions) -> Result<Self, Error> {
        let (bucket, keys) = options.bucket()?;
        Ok(Self::new(bucket, keys, PartSizes::new(options.part_size)?))
    }

    /// A bucket in memory, for tests; clones share it.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Bucket::in_memory(), Keys::default(), PartSizes::default())
    }

    fn new(bucket: Bucket, keys: Keys, sizes: PartSizes) -> Self {
        Self(Arc::new(Shared::new(bucket, keys, sizes)))
    }
}

impl BlobStore for CloudObjects {
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> BoxFuture<'a, Result<Box<dyn ObjectWriter>, Error>> {
        Box::pin(async move {
            let state = State::of(id, &staged)?;
            if !self.0.has_tails(id, &state).await? {
                return Err(Error::UploadUnknown { id: id.clone() });
            }
            let writer = CloudWriter::new(Arc::clone(&self.0), id.clone(), state, hasher);
            Ok(Box::new(writer) as Box<dyn ObjectWriter>)
        })
    }

    fn seal<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.0.seal(id, staged))
    }

    fn open<'a>(
        &'a self,
        id: &'a UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>> {
        Box::pin(self.0.open(id, size, range))
    }

    fn stat<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(self.0.stat(id))
    }

    fn delete<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.0.delete(id, staged))
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a UploadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StoredObject>, Error>> {
        Box::pin(self.0.list(after, limit))
    }

    fn least_chunk(&self) -> u64 {
        parts::LEAST
    }

    fn presign(&self) -> Option<&dyn Presign> {
        self.0.bucket.signer.is_some().then_some(self)
    }
}

impl Presign for CloudObjects {
    fn link<'a>(
        &'a self,
        id: &'a UploadId,
        expires: Duration,
    ) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(self.0.link(id, expires))
    }
}
