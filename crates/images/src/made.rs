//! A manifest that was made on this machine, with its blobs.

use async_trait::async_trait;
use lazaret_oci::{Descriptor, Digest, Manifest, ManifestDocument};

use crate::blob::Blob;
use crate::{Error, Node, Source, Wanted};

/// A source with one manifest and its blobs.
#[derive(Debug, Clone)]
pub struct Made {
    document: ManifestDocument,
    blobs: Vec<Blob>,
}

impl Made {
    /// The source of this manifest and these blobs.
    #[must_use]
    pub fn new(manifest: Manifest, blobs: Vec<Blob>) -> Self {
        Self {
            document: ManifestDocument::of_manifest(manifest),
            blobs,
        }
    }

    /// The manifest, as the root of a graph.
    #[must_use]
    pub fn node(&self) -> Node {
        Node {
            digest: self.document.digest().clone(),
            document: self.document.clone(),
        }
    }

    fn missing(digest: &Digest) -> Error {
        Error::BlobMissing {
            digest: digest.clone(),
        }
    }
}

#[async_trait]
impl Source for Made {
    async fn root(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let root = self.document.descriptor();
        match wanted {
            Wanted::Only | Wanted::Index(0) => Ok(root),
            Wanted::Index(index) => Err(Error::ImageMissing {
                name: format!("@{index}"),
            }),
            Wanted::Digest(digest) if *digest == root.digest => Ok(root),
            Wanted::Digest(digest) => Err(Self::missing(digest)),
            Wanted::Name(name) => Err(Error::ImageMissing { name: name.clone() }),
        }
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        if descriptor.digest == *self.document.digest() {
            Ok(self.document.clone())
        } else {
            Err(Self::missing(&descriptor.digest))
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let digest = &descriptor.digest;
        let mut blobs = self.blobs.iter();
        let found = blobs.find(|blob| blob.descriptor().digest == *digest);
        found.cloned().ok_or_else(|| Self::missing(digest))
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, Error> {
        Ok(Vec::new())
    }
}
