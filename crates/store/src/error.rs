//! What can go wrong in a store.

use std::io;
use std::path::{Path, PathBuf};

use lazaret_oci::Digest;
use thiserror::Error;

use crate::UploadId;

/// A failed store operation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was attempted, as in "failed to {action}".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Content does not have the digest it was announced under; it was discarded.
    #[error("content has digest {actual}, not {expected}")]
    DigestMismatch {
        /// Announced.
        expected: Digest,
        /// Computed.
        actual: Digest,
    },
    /// Content does not have the size it was announced with; it was discarded.
    #[error("content has {actual} bytes, not {expected}")]
    SizeMismatch {
        /// Announced, in bytes.
        expected: u64,
        /// Received, in bytes.
        actual: u64,
    },
    /// No such upload: never started, finished, cancelled or expired.
    #[error("upload {id} is unknown")]
    UploadUnknown {
        /// The upload.
        id: UploadId,
    },
    /// Another request is writing to this upload.
    #[error("upload {id} is being written by another request")]
    UploadBusy {
        /// The upload.
        id: UploadId,
    },
    /// An append that does not start where the upload ends.
    #[error("upload {id} continues at byte {actual}, not {requested}")]
    OffsetMismatch {
        /// The upload.
        id: UploadId,
        /// Where the append wanted to start, in bytes.
        requested: u64,
        /// Where the upload ends, in bytes.
        actual: u64,
    },
    /// More content than the caller allows to be read into memory.
    #[error("content of {size} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A record on disk that this version cannot read.
    #[error("failed to read the record {}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A name or key that cannot be stored.
    #[error("invalid {what} '{text}'")]
    Name {
        /// Which kind of name.
        what: &'static str,
        /// The text given.
        text: String,
    },
    /// A blob that an image needs is not in the store.
    #[error("blob {digest} is not in the store")]
    BlobMissing {
        /// The blob.
        digest: Digest,
    },
    /// Another process is pulling or building, so nothing may be pruned now.
    #[error("the store {} is in use by a running pull or build", path.display())]
    InUse {
        /// The store.
        path: PathBuf,
    },
    /// The process is shutting down.
    #[error("the store is shutting down")]
    Stopped,
}

/// Names the action and path of an I/O error.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Like [`io`], for system calls.
pub(crate) fn sys<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(rustix::io::Errno) -> Error + Copy + 'a {
    move |errno| io(action, path)(errno.into())
}
