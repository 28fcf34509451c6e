//! Makes content that no other check uses.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use lazaret_oci::{Algorithm, Digest};

/// A seed that differs from process to process.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Text that was never used before, valid in a name, a tag or an annotation.
pub(crate) fn unique() -> String {
    format!("{:016x}-{}", *SEED, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Bytes with their digest.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
}

impl Content {
    /// `length` bytes that were never used before, under sha256.
    pub(crate) fn new(length: usize) -> Self {
        Self::with(Algorithm::Sha256, length)
    }

    /// `length` bytes that were never used before, under `algorithm`.
    pub(crate) fn with(algorithm: Algorithm, length: usize) -> Self {
        let mut state = *SEED ^ NEXT.fetch_add(1, Ordering::Relaxed);
        let bytes: Vec<u8> = std::iter::repeat_with(|| next(&mut state).to_le_bytes())
            .flatten()
            .take(length)
            .collect();
        Self::of(algorithm, &bytes)
    }

    /// The given bytes, under `algorithm`.
    pub(crate) fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            digest: Digest::with(algorithm, bytes),
        }
    }

    /// The path of the blob.
    pub(crate) fn path(&self, repository: &str) -> String {
        format!("/v2/{repository}/blobs/{}", self.digest)
    }
}

/// The next number of splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
