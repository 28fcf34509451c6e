//! Layers on their way into the store, and who waits for them.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use lazaret_images::ImageStore;
use lazaret_oci::Digest;

use crate::Error;

/// Shared by a pull, which announces blobs, and a conversion, which takes them as they come.
///
/// ```text
/// open --announce*--> open --close--> closed: what is not there now will not come
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Arrivals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: ImageStore,
    closed: Mutex<bool>,
    changed: Condvar,
}

/// Closes when it is dropped, however the pull ends.
#[derive(Debug)]
pub(crate) struct Announcer(Arrivals);

impl Arrivals {
    /// Both ends, for blobs that go into `store`.
    pub(crate) fn new(store: ImageStore) -> (Announcer, Self) {
        let arrivals = Self(Arc::new(Inner {
            store,
            closed: Mutex::new(false),
            changed: Condvar::new(),
        }));
        (Announcer(arrivals.clone()), arrivals)
    }

    /// The file of a blob, as soon as it is whole. Blocks.
    ///
    /// # Errors
    /// [`Error::BlobMissing`] when the pull ends without it.
    pub(crate) fn wait_for(&self, digest: &Digest) -> Result<PathBuf, Error> {
        let Inner {
            store,
            closed,
            changed,
        } = &*self.0;
        let mut is_closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(path) = store.path(digest) {
                return Ok(path);
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
    /// Some blob was published.
    pub(crate) fn announce(&self) {
        // With the lock, so that nobody is between looking and waiting.
        let _lock = self.lock();
        self.0.0.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        let closed = &self.0.0.closed;
        closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        *self.lock() = true;
        self.0.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn who_waits_gets_the_blob_or_learns_that_it_will_not_come() {
        let folder = tempfile::tempdir().unwrap();
        let store = ImageStore::open(folder.path()).unwrap();
        let (announcer, arrivals) = Arrivals::new(store.clone());
        let digests = [Digest::of(b"comes"), Digest::of(b"does not")];
        let waiting = digests.clone().map(|digest| {
            let arrivals = arrivals.clone();
            std::thread::spawn(move || arrivals.wait_for(&digest))
        });
        let mut writer = store.writer().unwrap();
        writer.write_all(b"comes").unwrap();
        writer.commit(Some(&digests[0])).unwrap();
        announcer.announce();
        let [first, second] = waiting;
        assert_eq!(
            first.join().unwrap().unwrap(),
            store.path(&digests[0]).unwrap()
        );
        assert!(!second.is_finished());
        drop(announcer);
        assert!(matches!(
            second.join().unwrap(),
            Err(Error::BlobMissing { digest }) if digest == digests[1]
        ));
        arrivals.wait_for(&digests[0]).unwrap();
    }
}
