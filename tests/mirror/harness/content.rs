//! Bytes of blobs and manifests.

use std::sync::{Arc, OnceLock};

use lazaret_oci::{Algorithm, Digest};

/// Size of the large layer, in bytes.
pub(crate) const LARGE: u64 = 64 * 1024 * 1024;

/// Content with its digest and type.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) bytes: Arc<Vec<u8>>,
}

impl Stored {
    pub(crate) fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        Self::with(Algorithm::Sha256, media_type, bytes)
    }

    pub(crate) fn with(algorithm: Algorithm, media_type: &str, bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::with(algorithm, &bytes),
            media_type: media_type.to_owned(),
            bytes: Arc::new(bytes),
        }
    }

    pub(crate) fn layer(bytes: Vec<u8>) -> Self {
        Self::new("application/vnd.oci.image.layer.v1.tar+gzip", bytes)
    }

    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Its descriptor, as JSON.
    pub(crate) fn descriptor(&self) -> serde_json::Value {
        serde_json::json!({
            "mediaType": self.media_type,
            "digest": self.digest.to_string(),
            "size": self.bytes.len(),
        })
    }
}

/// Bytes that no coding makes shorter, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A layer of 64 MiB, made once for all tests.
pub(crate) fn large() -> Stored {
    static LAYER: OnceLock<Stored> = OnceLock::new();
    let make = || Stored::layer(noise(64, usize::try_from(LARGE).unwrap()));
    LAYER.get_or_init(make).clone()
}
