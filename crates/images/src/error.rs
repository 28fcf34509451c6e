//! The error type of this crate.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use lazaret_oci::Digest;
use thiserror::Error;

/// A failed operation on an image or on the image store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file system operation failed.
    #[error(transparent)]
    Io(#[from] lazaret_files::Error),
    /// A document or name breaks the OCI grammar.
    #[error(transparent)]
    Oci(#[from] lazaret_oci::Error),
    /// A place outside this crate failed, such as a registry. The adapter that wrapped the error
    /// knows its type.
    #[error(transparent)]
    Elsewhere(Box<dyn StdError + Send + Sync>),
    /// Content does not have the announced digest; it was discarded.
    #[error("{subject} has digest {actual}, not {expected}")]
    DigestMismatch {
        /// A description of the content.
        subject: String,
        /// The announced digest.
        expected: Digest,
        /// The computed digest.
        actual: Digest,
    },
    /// Content does not have the announced size; it was discarded.
    #[error("{subject} has {actual} bytes, not {expected}")]
    SizeMismatch {
        /// A description of the content.
        subject: String,
        /// The announced size in bytes.
        expected: u64,
        /// The counted size in bytes.
        actual: u64,
    },
    /// The content is larger than the caller allows to be read into memory.
    #[error("content of {size} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// An image has more layers than any builder makes.
    #[error("the image has {layers} layers, more than {limit}")]
    TooManyLayers {
        /// Their number.
        layers: usize,
        /// The most that are taken.
        limit: usize,
    },
    /// The layers of an image do not fit the file system of the store.
    #[error("the layers of the image take {needed} bytes, and {free} bytes are free")]
    NoRoom {
        /// What the store lacks of the image, in bytes.
        needed: u64,
        /// Free bytes of the file system.
        free: u64,
    },
    /// A file or folder is not the expected image.
    #[error("cannot use '{}': {reason}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// The reason, as a sentence without its first capital.
        reason: String,
    },
    /// An index has no manifest for the platform.
    #[error("it has no image for {wanted}, only {}", available.join(", "))]
    Platform {
        /// The requested platform.
        wanted: String,
        /// The platforms that the index has.
        available: Vec<String>,
    },
    /// The configuration does not fit its manifest.
    #[error("image '{image}' has {layers} layers but {diff_ids} diff ids")]
    LayerCount {
        /// The image.
        image: String,
        /// Number of layers in the manifest.
        layers: usize,
        /// Number of diff ids in the configuration.
        diff_ids: usize,
    },
    /// This version cannot read a record on disk.
    #[error("failed to read the record {}: {reason}", path.display())]
    Record {
        /// The file of the record.
        path: PathBuf,
        /// The problem with it.
        reason: String,
    },
    /// The name or key cannot be stored.
    #[error("invalid {what} '{text}'")]
    Name {
        /// The kind of name.
        what: &'static str,
        /// The name or key that was given.
        text: String,
    },
    /// No image of the store has this name or digest.
    #[error("no image '{name}' in the store")]
    ImageMissing {
        /// The name or digest that was given.
        name: String,
    },
    /// A blob that an image needs is not in the store.
    #[error("blob {digest} is not in the store")]
    BlobMissing {
        /// Digest of the blob.
        digest: Digest,
    },
    /// Another process is pulling or building, so nothing can be pruned now.
    #[error("the store {} is in use by a running pull or build", path.display())]
    InUse {
        /// Path of the store.
        path: PathBuf,
    },
    /// The process is ending, and the work was not begun.
    #[error(transparent)]
    Stopped(#[from] lazaret_files::Stopped),
}

/// Adds the action and path to an I/O error.
pub(crate) fn io<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + Copy + 'a {
    move |source| lazaret_files::io(action, path)(source).into()
}

/// The error for an unusable file or folder, with the reason.
pub(crate) fn unusable(path: &Path, reason: impl Into<String>) -> Error {
    Error::Source {
        path: path.to_owned(),
        reason: reason.into(),
    }
}
