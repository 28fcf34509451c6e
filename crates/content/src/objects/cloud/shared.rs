//! The state that the operations on a bucket share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::bucket::Bucket;
use super::keys::Keys;
use super::parts::PartSizes;

/// Most parts in flight, over all uploads.
const FLYING: usize = 16;

/// A bucket, its keys and part sizes, and the permits for parts in flight.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) bucket: Bucket,
    pub(super) keys: Keys,
    pub(super) sizes: PartSizes,
    pub(super) flying: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(bucket: Bucket, keys: Keys, sizes: PartSizes) -> Self {
        Self {
            bucket,
            keys,
            sizes,
            flying: Arc::new(Semaphore::new(FLYING)),
        }
    }
}
