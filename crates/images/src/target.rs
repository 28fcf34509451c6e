//! The port through which images are written.

use async_trait::async_trait;
use lazaret_oci::{Descriptor, Digest, ManifestDocument};

use crate::{Blob, Error};

/// A place to which images are written.
///
/// ```text
/// put_blob*  put_manifest*  put_root ... finish
/// ```
/// Blobs come first, then the manifests that name them, children before parents; the call that
/// makes an image visible comes last. A caller that stops in between leaves nothing that could be
/// taken for an image. Everything keeps its digest.
#[async_trait]
pub trait Target: Send + Sync {
    /// Whether the target has a blob, so that a caller can tell in advance what a copy will move.
    ///
    /// # Errors
    /// The place's own errors.
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error>;

    /// Writes a blob unless the target has it. Content is kept only if it has the digest and size
    /// of the descriptor, even if it was checked before.
    ///
    /// # Errors
    /// [`Error::SizeMismatch`], [`Error::DigestMismatch`]; those of the blob; the place's own
    /// errors.
    async fn put_blob(&self, blob: &Blob) -> Result<(), Error>;

    /// Writes a manifest or index under its digest: an entry of an index, or a referrer of
    /// another manifest. `digest` is the one by which it is known, of any algorithm.
    ///
    /// # Errors
    /// The place's own errors.
    async fn put_manifest(&self, digest: &Digest, document: &ManifestDocument)
    -> Result<(), Error>;

    /// Writes the root manifest or index and makes it visible: under `name`, or if there is none,
    /// under the name that the target was opened with.
    ///
    /// # Errors
    /// The place's own errors.
    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), Error>;

    /// Ends the writing. A target that is a single file appears only now.
    ///
    /// # Errors
    /// The place's own errors.
    async fn finish(&self) -> Result<(), Error> {
        Ok(())
    }
}
