//! Faults of the image store.

use std::io;
use std::path::{Path, PathBuf};

use lazaret_oci::Digest;
use thiserror::Error;

/// A failed operation of the image store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] lazaret_files::Error),
    /// Content does not have the digest it was announced under; it was discarded.
    #[error("content has digest {actual}, not {expected}")]
    DigestMismatch {
        /// Announced.
        expected: Digest,
        /// Computed.
        actual: Digest,
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
}

/// Names the action and path of an I/O error.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| lazaret_files::io(action, path)(source).into()
}
