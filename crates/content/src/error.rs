//! The error type of content and metadata.
//!
//! Both ports share one enum, because uploads use both: a caller that moves bytes from one to
//! the other handles one set of errors.

use std::io;
use std::path::Path;

use lazaret_oci::{Digest, Tag};
use thiserror::Error;

use crate::UploadId;

/// A failed operation on content or metadata.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file system operation failed.
    #[error(transparent)]
    Io(#[from] lazaret_files::Error),
    /// Content does not have the announced digest; it was discarded.
    #[error("content has digest {actual}, not {expected}")]
    DigestMismatch {
        /// The announced digest.
        expected: Digest,
        /// The computed digest.
        actual: Digest,
    },
    /// Content does not have the announced size; it was discarded.
    #[error("content has {actual} bytes, not {expected}")]
    SizeMismatch {
        /// The announced size in bytes.
        expected: u64,
        /// The received size in bytes.
        actual: u64,
    },
    /// The upload does not exist: it was never started, or is finished, cancelled or expired.
    #[error("upload {id} is unknown")]
    UploadUnknown {
        /// Id of the upload.
        id: UploadId,
    },
    /// Another request is writing to this upload.
    #[error("upload {id} is being written by another request")]
    UploadBusy {
        /// Id of the upload.
        id: UploadId,
    },
    /// The content is larger than the caller allows to be read into memory.
    #[error("content of {size} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The name or key cannot be stored.
    #[error("invalid {what} '{text}'")]
    Name {
        /// The kind of name.
        what: &'static str,
        /// The text that was given.
        text: String,
    },
    /// The manifest names content that is not in its repository.
    #[error("content is not in the repository: {}", list(.digests))]
    Missing {
        /// Digests of all missing content.
        digests: Vec<Digest>,
    },
    /// A manifest states another size of what it names than it has.
    #[error("{digest} has {actual} bytes, and the manifest says {stated}")]
    SizeContradicted {
        /// The blob or manifest.
        digest: Digest,
        /// Its size according to the manifest, in bytes.
        stated: u64,
        /// Its size in bytes.
        actual: u64,
    },
    /// A tag that may not be moved.
    #[error("tag '{tag}' is immutable and points to {digest}")]
    TagImmutable {
        /// The tag.
        tag: Tag,
        /// The manifest to which it points.
        digest: Digest,
    },
    /// The repository would exceed its quota.
    #[error("the repository holds {used} of {limit} bytes, too many for {wanted} more")]
    QuotaExceeded {
        /// The quota in bytes.
        limit: u64,
        /// Number of bytes in use.
        used: u64,
        /// Number of bytes that were to be added.
        wanted: u64,
    },
    /// There is no room for more content.
    #[error("no room is left in {place}")]
    Full {
        /// The folder or database.
        place: String,
    },
    /// The database is out of reach or too slow, and may not be for long.
    #[error("failed to {action}: the database does not answer")]
    Unavailable {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database failed.
    #[error("failed to {action} in the database")]
    Database {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object store failed or is out of reach.
    #[error("failed to {action} the object {id}")]
    Object {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// Name of the object.
        id: UploadId,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object store failed at something that concerns no single object.
    #[error("failed to {action} the bucket")]
    Bucket {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The settings of an object store are invalid.
    #[error("invalid settings of the object store: {reason}")]
    Options {
        /// The mistake.
        reason: String,
    },
    /// The process is shutting down.
    #[error("the store is shutting down")]
    Stopped,
}

impl From<lazaret_files::Stopped> for Error {
    fn from(_: lazaret_files::Stopped) -> Self {
        Self::Stopped
    }
}

fn list(digests: &[Digest]) -> String {
    let digests: Vec<String> = digests.iter().map(Digest::to_string).collect();
    digests.join(", ")
}

/// Adds the action and path to an I/O error.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| lazaret_files::io(action, path)(source).into()
}

/// The error for invalid settings of an object store.
pub(crate) fn invalid(reason: String) -> Error {
    Error::Options { reason }
}
