//! The parts that the operations on a bucket share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::bucket::Bucket;
use super::keys::Keys;
use super::parts::PartSizes;

/// Parts of all uploads on their way at once.
const FLYING: usize = 16;

/// A bucket, the names in it, and the turns of those who write to it.
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
