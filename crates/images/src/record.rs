//! Records of images: the files that give images of the store their names.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use lazaret_oci::{Digest, Platform};
use serde::{Deserialize, Serialize};

use crate::Error;

const VERSION: u32 = 1;

/// An image in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRecord {
    /// Full normalised reference, or a local name; at most 1024 characters.
    pub name: String,
    /// Digest of the manifest to run, whose bytes are a blob of the store.
    pub digest: Digest,
    /// Digest to which the name resolved where the image came from: the same manifest, or the index
    /// from which it was selected, which need not be in the store.
    pub source_digest: Digest,
    /// Its platform.
    pub platform: Platform,
    /// Time at which it was pulled or imported, in seconds since 1970.
    pub created: u64,
    /// Size of its manifest, configuration and layers in bytes, as stored.
    pub size: u64,
    /// The disk and kernel that came with it from a catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prebuilt: Option<Prebuilt>,
}

/// An image that came as a disk: its layers may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prebuilt {
    /// Key of the disk in the cache.
    pub disk: String,
    /// Name of the kernel that it needs, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
}

/// The form of a record on disk.
#[derive(Serialize, Deserialize)]
struct Versioned {
    version: u32,
    image: serde_json::Value,
}

impl ImageRecord {
    /// The record of an image that was just pulled or imported; `size` is in bytes.
    #[must_use]
    pub fn new(
        name: String,
        digest: Digest,
        source_digest: Digest,
        platform: Platform,
        size: u64,
    ) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            name,
            digest,
            source_digest,
            platform,
            created: since.map(|since| since.as_secs()).unwrap_or_default(),
            size,
            prebuilt: None,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let image = serde_json::to_value(self).expect("a record has string keys only");
        let versioned = Versioned {
            version: VERSION,
            image,
        };
        serde_json::to_vec_pretty(&versioned).expect("a record has string keys only")
    }

    pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let broken = |reason: String| Error::Record {
            path: path.to_owned(),
            reason,
        };
        let versioned: Versioned =
            serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
        if versioned.version != VERSION {
            return Err(broken(format!(
                "it has version {}, this program reads version {VERSION}",
                versioned.version
            )));
        }
        serde_json::from_value(versioned.image).map_err(|error| broken(error.to_string()))
    }
}

/// The file name of a record: readable, and unique through a hash of the whole name.
pub(super) fn file_name(name: &str) -> Result<String, Error> {
    if name.is_empty() || name.len() > 1024 || name.chars().any(char::is_control) {
        return Err(Error::Name {
            what: "image name",
            text: lazaret_values::Printable::excerpt(name),
        });
    }
    let readable: String = name
        .chars()
        .take(100)
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '_',
        })
        .collect();
    let hash = Digest::of(name.as_bytes());
    Ok(format!("{readable}-{}.json", &hash.hex()[..32]))
}
