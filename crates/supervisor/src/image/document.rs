//! Reads manifests and configurations of images in the store.

use lazaret_images::{ImageRecord, ImageStore};
use lazaret_oci::{ImageConfig, MAX_MANIFEST_BYTES, ManifestDocument};

use crate::Error;

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
