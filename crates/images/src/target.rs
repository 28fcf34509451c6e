//! The port through which images are written.

use async_trait::async_trait;
use lazaret_oci::{Descriptor, Digest, ManifestDocument};

use crate::{Blob, Error};

/// A place that images are written to.
///
/// ```text
/// put_blob*  put_manifest*  put_root ... finish
/// ```
/// Blobs come first, then the manifests that name them, children before parents, and what makes
/// an image visible comes last: a caller that stops in between leaves nothing that anyone could
/// take for an image. Everything keeps its digest.
#[async_trait]
pub trait Target: Send + Sync {
    /// Whether a blob is there, so that a caller can tell beforehand what a copy will move.
    ///
    /// # Errors
    /// The place's own.
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error>;

    /// Takes a blob unless it is there. Only content with the digest and size of the descriptor
    /// is kept, whoever checked it before.
    ///
    /// # Errors
    /// [`Error::SizeMismatch`], [`Error::DigestMismatch`]; those of the blob; the place's own.
    async fn put_blob(&self, blob: &Blob) -> Result<(), Error>;

    /// Takes a manifest or index under its digest: one that an index names, or that refers to
    /// another one. `digest` is the one by which it is known, whatever its algorithm.
    ///
    /// # Errors
    /// The place's own.
    async fn put_manifest(&self, digest: &Digest, document: &ManifestDocument)
    -> Result<(), Error>;

    /// Takes the manifest or index that was asked for, and makes it visible: under a name, or
    /// without one under what the target was opened for.
    ///
    /// # Errors
    /// The place's own.
    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), Error>;

    /// Ends the writing. A place that is one file is there only now.
    ///
    /// # Errors
    /// The place's own.
    async fn finish(&self) -> Result<(), Error> {
        Ok(())
    }
}
