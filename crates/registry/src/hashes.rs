//! Keeps the running hashes of uploads between requests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use lazaret_content::UploadId;
use lazaret_oci::Hasher;

/// Largest number of kept hashes; for further uploads, the content is read again at the end.
const MOST: usize = 8192;

/// Hashes of staged bytes, so that every byte is hashed only once. They are only a cache: without
/// an entry, in another replica or after a restart, the content is read again.
#[derive(Default)]
pub(crate) struct Hashes(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    hashes: HashMap<UploadId, (Hasher, u64)>,
    /// The ids, oldest first; some may belong to uploads that have ended.
    order: VecDeque<UploadId>,
}

impl Hashes {
    /// Keeps the hash of the first `size` bytes of an upload.
    pub(crate) fn keep(&self, id: &UploadId, hasher: Hasher, size: u64) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.hashes.insert(id.clone(), (hasher, size)).is_none() {
            inner.order.push_back(id.clone());
        }
        while inner.order.len() > MOST {
            if let Some(oldest) = inner.order.pop_front() {
                inner.hashes.remove(&oldest);
            }
        }
    }

    /// Takes the hash, if it covers exactly the first `size` bytes.
    pub(crate) fn take(&self, id: &UploadId, size: u64) -> Option<Hasher> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (hasher, hashed) = inner.hashes.remove(id)?;
        if inner.order.back() == Some(id) {
            inner.order.pop_back();
        }
        (hashed == size).then_some(hasher)
    }
}
