//! `image ls`, `image inspect` and `image rm`.

use serde::Serialize;
use serde_json::Value;

use super::document::{config, manifest};
use super::summary::Image;
use crate::{Error, Home};

/// One image of the store, with its documents.
#[derive(Debug, Clone, Serialize)]
pub struct ImageDetails {
    /// The summary.
    #[serde(flatten)]
    pub image: Image,
    /// The manifest, as stored.
    pub manifest: Value,
    /// The configuration, as stored.
    pub config: Value,
}

/// An image that was removed.
#[derive(Debug, Clone, Serialize)]
pub struct RemovedImage {
    /// Its name.
    pub name: String,
    /// Bytes that were freed, because nothing else needed them.
    pub freed: u64,
}

impl Home {
    /// Lists the images of the store, by name.
    ///
    /// # Errors
    /// Those of the store.
    pub fn images(&self) -> Result<Vec<Image>, Error> {
        Ok(self.images.list()?.iter().map(Image::from).collect())
    }

    /// Returns an image with its manifest and configuration.
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

    /// Removes an image, with all content that only it needs.
    ///
    /// # Errors
    /// [`Error::ImageNotFound`], [`Error::ImageAmbiguous`], and those of the store.
    pub fn remove_image(&self, name: &str) -> Result<RemovedImage, Error> {
        let record = self.find_sole_image(name)?;
        self.images.remove(&record.name)?;
        let freed = match self.prune_images(false) {
            // A running pull or machine may need the content; the next removal frees it.
            Err(Error::Store(lazaret_images::Error::InUse { .. })) => 0,
            pruned => pruned?.freed,
        };
        Ok(RemovedImage {
            name: record.name,
            freed,
        })
    }
}
