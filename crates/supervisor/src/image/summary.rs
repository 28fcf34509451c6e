//! The summary of an image, one line in listings.

use lazaret_images::ImageRecord;
use lazaret_oci::{Digest, Platform};
use serde::Serialize;

/// One image of the store.
#[derive(Debug, Clone, Serialize)]
pub struct Image {
    /// Its full name.
    pub name: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// The platform that it runs on.
    pub platform: Platform,
    /// Size of its manifest, configuration and layers together, in bytes.
    pub size: u64,
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
