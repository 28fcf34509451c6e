//! Keeps the mirror within its size.
//!
//! An image goes as a whole: its manifests first, so that none is listed whose blobs are gone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lazaret_content::MirroredManifest;
use lazaret_files::blocking;
use lazaret_values::Chain;

use crate::Error;
use crate::mirror::Mirror;

/// Time between looks.
const INTERVAL: Duration = Duration::from_secs(60);
/// Images that are looked at at once.
const BATCH: usize = 64;
/// An image that was asked for within this time is not evicted: its client may still be reading.
const IN_USE: Duration = Duration::from_secs(300);

/// What is to go, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Eviction {
    /// Bytes of everything that is mirrored.
    pub bytes: u64,
    /// The size to keep to, in bytes.
    pub limit: u64,
    /// The images to evict, in order.
    pub images: Vec<MirroredManifest>,
}

impl Mirror {
    /// Works out what goes to keep within `limit` bytes: what was not asked for longest.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Files`].
    pub async fn plan_eviction(&self, limit: u64, unused_for: Duration) -> Result<Eviction, Error> {
        let mut bytes = 0_u64;
        for upstream in self.upstreams() {
            let prefix = upstream.settings.prefix.as_str();
            let of_upstream = self.store.metadata.bytes_below(prefix).await?;
            bytes = bytes.saturating_add(of_upstream);
        }
        let mut eviction = Eviction {
            bytes,
            limit,
            images: Vec::new(),
        };
        if bytes <= limit {
            return Ok(eviction);
        }
        let now = SystemTime::now();
        let mut excess = bytes - limit;
        let candidates = self.store.metadata.least_used(BATCH).await?;
        for image in candidates {
            let age = now.duration_since(image.used).unwrap_or_default();
            if excess == 0 || age < unused_for {
                break;
            }
            excess = excess.saturating_sub(image.bytes);
            eviction.images.push(image);
        }
        Ok(eviction)
    }

    /// Evicts images, unless somebody asks for them meanwhile. Returns those that went.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn evict(&self, eviction: &Eviction) -> Result<Vec<MirroredManifest>, Error> {
        let mut gone = Vec::new();
        for image in &eviction.images {
            let metadata = &self.store.metadata;
            let evicted = metadata.evict(&image.repository, &image.digest, image.used);
            if evicted.await? {
                self.counts.add_evicted();
                tracing::info!(repository = %image.repository, digest = %image.digest, "evicted");
                gone.push(image.clone());
            }
        }
        Ok(gone)
    }

    /// Keeps the mirror within its size, for ever.
    pub async fn keep_up(self: Arc<Self>) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if let Err(error) = self.look().await {
                tracing::warn!(error = %Chain(&error), "the upkeep of the mirror failed");
            }
        }
    }

    async fn look(&self) -> Result<(), Error> {
        let fills = Arc::clone(&self.fills);
        blocking(move || fills.tidy()).await?;
        // A lifetime that reaches before all time forgets nothing.
        let lifetime = self.lifetimes.absent.max(INTERVAL);
        if let Some(long_ago) = SystemTime::now().checked_sub(lifetime) {
            self.store.metadata.forget_absent(long_ago).await?;
        }
        let Some(limit) = self.size else {
            return Ok(());
        };
        loop {
            let eviction = self.plan_eviction(limit, IN_USE).await?;
            let (fills, rest) = (
                Arc::clone(&self.fills),
                limit.saturating_sub(eviction.bytes),
            );
            blocking(move || fills.trim(rest)).await?;
            if eviction.images.is_empty() || self.evict(&eviction).await?.is_empty() {
                return Ok(());
            }
        }
    }
}
