//! Remembers which tags were swapped for what.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lazaret_oci::{Digest, Platform, Repository};

use crate::formats::Format;

/// Time after which the upstream is asked for referrers again.
const LIFETIME: Duration = Duration::from_secs(300);
/// Most decisions that are remembered.
const MOST: usize = 16 * 1024;

/// An image, and the forms that it may be swapped for.
pub(crate) type Swappable = (Repository, Digest, Vec<Format>);
type Decision = (Instant, Option<Digest>);

/// The decisions of late.
pub(crate) struct Swaps {
    pub(crate) platform: Platform,
    decided: Mutex<HashMap<Swappable, Decision>>,
}

impl Swaps {
    pub(crate) fn new(platform: Platform) -> Self {
        Self {
            platform,
            decided: Mutex::default(),
        }
    }

    /// The decision on an image, unless it is old.
    pub(crate) fn known(&self, key: &Swappable) -> Option<Option<Digest>> {
        let decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, digest) = decided.get(key)?;
        (then.elapsed() < LIFETIME).then(|| digest.clone())
    }

    pub(crate) fn remember(&self, key: Swappable, digest: Option<Digest>) {
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        if decided.len() >= MOST {
            decided.retain(|_, (then, _)| then.elapsed() < LIFETIME);
        }
        if decided.len() < MOST {
            decided.insert(key, (Instant::now(), digest));
        }
    }
}
