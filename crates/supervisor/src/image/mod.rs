//! Images in the local store: import, listing, removal.

mod archive;
pub(crate) mod blobs;
pub(crate) mod convert;
mod docker;
mod folder;
pub(crate) mod import;
pub(crate) mod layout;
pub(crate) mod source;
#[cfg(test)]
mod tests;

use lazaret_images::{ImageRecord, ImageStore};
use lazaret_oci::{
    Digest, ImageConfig, ManifestContent, ManifestDocument, Platform, Reference, Registry,
};
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Home};

/// The registry of images that were never in one, as other tools write it.
const LOCAL: &str = "localhost";

/// One image of the store.
#[derive(Debug, Clone, Serialize)]
pub struct Image {
    /// Its full name.
    pub name: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// What it runs on.
    pub platform: Platform,
    /// Bytes of its manifest, configuration and layers.
    pub size: u64,
}

/// One image of the store in full.
#[derive(Debug, Clone, Serialize)]
pub struct ImageDetails {
    /// The summary.
    #[serde(flatten)]
    pub image: Image,
    /// Its manifest as it is.
    pub manifest: Value,
    /// Its configuration as it is.
    pub config: Value,
}

/// An image that was removed.
#[derive(Debug, Clone, Serialize)]
pub struct RemovedImage {
    /// Its name.
    pub name: String,
    /// Bytes that nothing else needed.
    pub freed: u64,
}

impl From<&ImageRecord> for Image {
    fn from(record: &ImageRecord) -> Self {
        Self {
            name: record.name.clone(),
            digest: record.digest.clone(),
            platform: record.platform.clone(),
            size: record.size,
        }
    }
}

/// The full name of an image in the store: text without a registry is local.
pub(crate) fn local_name(text: &str) -> Result<Reference, Error> {
    let registry: Registry = LOCAL.parse()?;
    Ok(Reference::parse_in(text, &registry)?.normalized())
}

/// The manifest of a record.
pub(crate) fn manifest(
    store: &ImageStore,
    record: &ImageRecord,
) -> Result<ManifestDocument, Error> {
    let raw = read(store, &record.digest)?;
    Ok(ManifestDocument::parse(raw, None)?)
}

/// The configuration of an image and its bytes.
pub(crate) fn config(
    store: &ImageStore,
    manifest: &ManifestDocument,
) -> Result<(ImageConfig, Vec<u8>), Error> {
    let ManifestContent::Manifest(manifest) = manifest.content() else {
        return Err(lazaret_oci::Error::Manifest {
            reason: "it is an index, not an image".to_owned(),
        }
        .into());
    };
    let raw = read(store, &manifest.config.digest)?;
    Ok((ImageConfig::parse(&raw)?, raw))
}

fn read(store: &ImageStore, digest: &Digest) -> Result<Vec<u8>, Error> {
    Ok(store.read(digest, lazaret_oci::MAX_MANIFEST_BYTES as u64)?)
}

impl Home {
    /// The images of the store, by name.
    ///
    /// # Errors
    /// Of the store.
    pub fn images(&self) -> Result<Vec<Image>, Error> {
        Ok(self.images.list()?.iter().map(Image::from).collect())
    }

    /// An image with its manifest and configuration.
    ///
    /// # Errors
    /// [`Error::ImageNotFound`], and those of the store.
    pub fn inspect_image(&self, name: &str) -> Result<ImageDetails, Error> {
        let record = self.find_image(name)?;
        let manifest = manifest(&self.images, &record)?;
        let (_, config) = config(&self.images, &manifest)?;
        let value = |raw: &[u8]| serde_json::from_slice(raw).unwrap_or_default();
        Ok(ImageDetails {
            image: Image::from(&record),
            manifest: value(manifest.raw()),
            config: value(&config),
        })
    }

    /// Removes an image with whatever only it needs.
    ///
    /// # Errors
    /// [`Error::ImageNotFound`], and those of the store.
    pub fn remove_image(&self, name: &str) -> Result<RemovedImage, Error> {
        let record = self.find_image(name)?;
        self.images.remove(&record.name)?;
        let freed = match self.prune_images(false) {
            // A running pull or machine may need it: the next removal frees it.
            Err(Error::Store(lazaret_images::Error::InUse { .. })) => 0,
            pruned => pruned?.freed,
        };
        Ok(RemovedImage {
            name: record.name,
            freed,
        })
    }

    /// A record by its name, or by the start of its digest.
    pub(crate) fn find_image(&self, text: &str) -> Result<ImageRecord, Error> {
        if let Ok(name) = local_name(text)
            && let Some(record) = self.images.get(&name.to_string())?
        {
            return Ok(record);
        }
        let not_found = || Error::ImageNotFound {
            name: text.to_owned(),
        };
        let prefix = text.strip_prefix("sha256:").unwrap_or(text);
        if prefix.len() < 4 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(not_found());
        }
        let mut found = self.images.list()?;
        found.retain(|record| record.digest.hex().starts_with(prefix));
        if found
            .windows(2)
            .any(|pair| pair[0].digest != pair[1].digest)
        {
            let names = found.into_iter().map(|record| record.name).collect();
            return Err(Error::ImageAmbiguous {
                text: text.to_owned(),
                names,
            });
        }
        found.into_iter().next().ok_or_else(not_found)
    }
}
