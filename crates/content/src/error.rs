//! Failures of content and metadata.
//!
//! Both ports share one enum, because uploads live in both: a caller that moves bytes from one to
//! the other handles one set of answers.

use std::io;
use std::path::Path;

use lazaret_oci::{Digest, Tag};
use thiserror::Error;

use crate::UploadId;

/// A failed operation on content or metadata.
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
    /// More content than the caller allows to be read into memory.
    #[error("content of {size} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A name or key that cannot be stored.
    #[error("invalid {what} '{text}'")]
    Name {
        /// The kind of name.
        what: &'static str,
        /// The text given.
        text: String,
    },
    /// A manifest names content that is not in its repository.
    #[error("content is not in the repository: {}", list(.digests))]
    Missing {
        /// Everything that is missing.
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
        /// The manifest that it points to.
        digest: Digest,
    },
    /// A repository would hold more than it may.
    #[error("the repository holds {used} of {limit} bytes, too many for {wanted} more")]
    QuotaExceeded {
        /// Bytes it may hold.
        limit: u64,
        /// Bytes it holds.
        used: u64,
        /// Bytes that were to be added.
        wanted: u64,
    },
    /// The database refused or is out of reach.
    #[error("failed to {action} in the database")]
    Database {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object store refused or is out of reach.
    #[error("failed to {action} the object {id}")]
    Object {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// On which object.
        id: UploadId,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object store refused something that concerns no single object.
    #[error("failed to {action} the bucket")]
    Bucket {
        /// The attempt, as in "failed to {action}".
        action: &'static str,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Settings of an object store that cannot work.
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

/// Names the action and path of an I/O error.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| lazaret_files::io(action, path)(source).into()
}

/// Settings of an object store that cannot work.
pub(crate) fn invalid(reason: String) -> Error {
    Error::Options { reason }
}
