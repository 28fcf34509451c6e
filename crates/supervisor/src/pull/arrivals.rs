//! Hands layers to a conversion as soon as the pull has put them into the store.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use async_trait::async_trait;
use lazaret_images::{Blob, FileRange, LeasedStore, Target};
use lazaret_oci::{Descriptor, Digest, ManifestDocument};

use crate::Error;

/// Connects a pull, which announces blobs, with a conversion, which takes them as they arrive.
///
/// ```text
/// open --announce*--> open --close--> closed: what is not there now will not come
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Arrivals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: LeasedStore,
    closed: Mutex<bool>,
    changed: Condvar,
}

/// The store as the target of a pull, which wakes those who wait for blobs. Closes when it is
/// dropped, however the pull ends.
#[derive(Debug)]
pub(crate) struct Announcer(Arrivals);

impl Arrivals {
    /// Makes both ends, for blobs that go into `store`.
    pub(crate) fn new(store: LeasedStore) -> (Announcer, Self) {
        let arrivals = Self(Arc::new(Inner {
            store,
            closed: Mutex::new(false),
            changed: Condvar::new(),
        }));
        (Announcer(arrivals.clone()), arrivals)
    }

    /// Waits until a blob is whole, and opens it. Blocks.
    ///
    /// # Errors
    /// [`Error::BlobMissing`] when the pull ends without the blob.
    pub(crate) fn wait_for(&self, digest: &Digest) -> Result<FileRange, Error> {
        let Inner {
            store,
            closed,
            changed,
        } = &*self.0;
        let mut is_closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(range) = store.store().open_blob(digest)? {
                return Ok(range);
            }
            if *is_closed {
                return Err(Error::BlobMissing {
                    digest: digest.clone(),
                });
            }
            is_closed = changed
                .wait(is_closed)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Announcer {
    fn store(&self) -> &LeasedStore {
        &self.0.0.store
    }

    /// Wakes the waiting threads after a blob was published.
    fn announce(&self) {
        // The lock is held, so that no thread is between its look into the store and its wait.
        let _lock = self.lock();
        self.0.0.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        let closed = &self.0.0.closed;
        closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Target for Announcer {
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, lazaret_images::Error> {
        self.store().has_blob(blob).await
    }

    async fn put_blob(&self, blob: &Blob) -> Result<(), lazaret_images::Error> {
        self.store().put_blob(blob).await?;
        self.announce();
        Ok(())
    }

    async fn put_manifest(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
    ) -> Result<(), lazaret_images::Error> {
        self.store().put_manifest(digest, document).await
    }

    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), lazaret_images::Error> {
        self.store().put_root(digest, document, name).await
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        *self.lock() = true;
        self.0.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
