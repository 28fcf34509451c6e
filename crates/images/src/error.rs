//! Faults of images, wherever they are kept.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use lazaret_oci::Digest;
use thiserror::Error;

/// A failed operation on an image or on the image store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] lazaret_files::Error),
    /// A document or name breaks the OCI grammar.
    #[error(transparent)]
    Oci(#[from] lazaret_oci::Error),
    /// A place outside this crate failed, such as a registry. The adapter that wrapped its error
    /// knows the type.
    #[error(transparent)]
    Elsewhere(Box<dyn StdError + Send + Sync>),
    /// Content does not have the digest it was announced under; it was discarded.
    #[error("{subject} has digest {actual}, not {expected}")]
    DigestMismatch {
        /// The content, in words.
        subject: String,
        /// Announced.
        expected: Digest,
        /// Computed.
        actual: Digest,
    },
    /// Content does not have the size it was announced with; it was discarded.
    #[error("{subject} has {actual} bytes, not {expected}")]
    SizeMismatch {
        /// The content, in words.
        subject: String,
        /// Announced, in bytes.
        expected: u64,
        /// Counted, in bytes.
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
    /// A file or folder that is not the image that it should be.
    #[error("cannot use '{}': {reason}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// The reason, as a sentence without its first capital.
        reason: String,
    },
    /// An index has nothing for the platform.
    #[error("it has no image for {wanted}, only {}", available.join(", "))]
    Platform {
        /// The platform asked for.
        wanted: String,
        /// The platforms on offer.
        available: Vec<String>,
    },
    /// A configuration that does not fit its manifest.
    #[error("image '{image}' has {layers} layers but {diff_ids} diff ids")]
    LayerCount {
        /// The image.
        image: String,
        /// Layers of the manifest.
        layers: usize,
        /// Diff ids of the configuration.
        diff_ids: usize,
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
        /// The kind of name.
        what: &'static str,
        /// The text given.
        text: String,
    },
    /// No image of the store has the name or digest.
    #[error("no image '{name}' in the store")]
    ImageMissing {
        /// The name or digest.
        name: String,
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
    /// The process ends before the work was begun.
    #[error(transparent)]
    Stopped(#[from] lazaret_files::Stopped),
}

/// Names the action and path of an I/O error.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| lazaret_files::io(action, path)(source).into()
}

/// Says what is wrong with a file or folder.
pub(crate) fn unusable(path: &Path, reason: impl Into<String>) -> Error {
    Error::Source {
        path: path.to_owned(),
        reason: reason.into(),
    }
}
