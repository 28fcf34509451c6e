//! Limits the number of requests that one client has under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of requests under way, by client. Clients without requests are not remembered.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Mutex<HashMap<String, u32>>,
}

/// A place among the requests that a client may have under way; it is freed when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    client: String,
}

impl Places {
    /// Takes a place; `None` when the client already has `most` of them.
    pub(crate) fn take(self: &Arc<Self>, client: &str, most: u32) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(client) {
            Some(count) if *count >= most => return None,
            Some(count) => *count += 1,
            None => {
                taken.insert(client.to_owned(), 1);
            }
        }
        Some(Place {
            places: Arc::clone(self),
            client: client.to_owned(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = self.places.taken.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.client);
            }
        }
    }
}
