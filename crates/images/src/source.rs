//! The port through which images are read.

use async_trait::async_trait;
use lazaret_oci::{Descriptor, Digest, ManifestDocument};

use crate::{Blob, Error};

/// The manifest or index to find in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The one that the source was opened for, or its only one.
    Only,
    /// The one with a name: a tag in a registry, layout or archive; the full name in the store.
    Name(String),
    /// The one with a digest.
    Digest(Digest),
    /// The one at a place in the list of a layout or archive, counted from 0.
    Index(usize),
}

impl From<Option<String>> for Wanted {
    /// The only one when nothing is given, the one at a place (`@0`), with a digest
    /// (`sha256:...`), or with a name.
    fn from(text: Option<String>) -> Self {
        let Some(text) = text else {
            return Self::Only;
        };
        if let Some(index) = text.strip_prefix('@').and_then(|index| index.parse().ok()) {
            return Self::Index(index);
        }
        text.parse().map_or(Self::Name(text), Self::Digest)
    }
}

/// A place from which images are read.
///
/// Calls are asynchronous because the slowest place, a registry, is: a source on this machine
/// reads its disk on a thread that may block. Nothing that is read is trusted before its digest is
/// checked: the source checks documents; blobs are checked by whoever keeps them, or by the blob
/// itself ([`Blob::is_verified`]).
#[async_trait]
pub trait Source: Send + Sync {
    /// Finds a manifest or index.
    ///
    /// # Errors
    /// [`Error::Source`] when none matches, or several do, with a list of those on offer; the
    /// place's own errors.
    async fn root(&self, wanted: &Wanted) -> Result<Descriptor, Error>;

    /// Reads a manifest or index: its exact bytes, verified and parsed.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] and [`Error::Oci`] for bytes that are not the document; the
    /// place's own errors.
    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error>;

    /// Finds a blob. A missing blob may be noticed only when its content is read.
    ///
    /// # Errors
    /// When a place on this machine lacks the blob.
    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error>;

    /// Lists the manifests whose subject is `subject`, direct referrers only. A place that does not
    /// record them returns an empty list.
    ///
    /// # Errors
    /// The place's own errors.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error>;
}
