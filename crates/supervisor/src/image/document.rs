//! Reads manifests and configurations of images in the store.

use lazaret_images::{ImageRecord, ImageStore};
use lazaret_oci::{ImageConfig, MAX_MANIFEST_BYTES, ManifestDocument, Platform};

use crate::{Error, Setting};

/// Reads the manifest of a record.
pub(crate) fn manifest(
    store: &ImageStore,
    record: &ImageRecord,
) -> Result<ManifestDocument, Error> {
    let raw = store.read(&record.digest, MAX_MANIFEST_BYTES as u64)?;
    Ok(ManifestDocument::parse(raw, None)?)
}

/// Reads the configuration of an image; returns it with its bytes.
pub(crate) fn config(
    store: &ImageStore,
    manifest: &ManifestDocument,
) -> Result<(ImageConfig, Vec<u8>), Error> {
    Ok(store.config(manifest)?)
}

/// Checks that the image is for the wanted platform. Its configuration may leave the platform open.
pub(crate) fn check_platform(config: &ImageConfig, wanted: &Platform) -> Result<(), Error> {
    match other_platform(config, wanted) {
        None => Ok(()),
        Some(image) => Err(Error::Setting {
            setting: Setting::Platform,
            value: wanted.to_string(),
            reason: format!("the image is for {image}"),
        }),
    }
}

/// The platform of an image that is not for `wanted`.
pub(crate) fn other_platform(config: &ImageConfig, wanted: &Platform) -> Option<Platform> {
    let image = Platform {
        os: config.os.clone(),
        architecture: config.architecture.clone(),
        variant: None,
    };
    let is_open = image.os.is_empty() || image.architecture.is_empty();
    (!is_open && !image.satisfies(wanted)).then_some(image)
}
