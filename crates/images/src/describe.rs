//! Makes records of images whose blobs are in the store.

use lazaret_oci::{
    Digest, ImageConfig, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument, Platform,
};

use crate::{Error, ImageRecord, ImageStore};

impl ImageStore {
    /// The configuration of an image, verified, and its bytes.
    ///
    /// # Errors
    /// [`Error::Oci`] for an index and for a blob that is not a configuration; those of
    /// [`ImageStore::read`].
    pub fn config(&self, image: &ManifestDocument) -> Result<(ImageConfig, Vec<u8>), Error> {
        let ManifestContent::Manifest(manifest) = image.content() else {
            return Err(lazaret_oci::Error::Manifest {
                reason: "it is an index, not an image".to_owned(),
            }
            .into());
        };
        let raw = self.read(&manifest.config.digest, MAX_MANIFEST_BYTES as u64)?;
        Ok((ImageConfig::parse(&raw)?, raw))
    }

    /// The record of an image under a name. `source` is the digest to which the name resolved
    /// at the place that the image came from.
    ///
    /// # Errors
    /// As [`ImageStore::config`].
    pub fn describe(
        &self,
        name: String,
        source: Digest,
        image: &ManifestDocument,
    ) -> Result<ImageRecord, Error> {
        let (config, _) = self.config(image)?;
        let blobs = image.manifest().into_iter().flat_map(|image| image.blobs());
        let size = blobs.map(|blob| blob.size).sum::<u64>() + image.raw().len() as u64;
        let platform = Platform {
            os: config.os,
            architecture: config.architecture,
            variant: None,
        };
        let digest = image.digest().clone();
        Ok(ImageRecord::new(name, digest, source, platform, size))
    }
}
