//! The progress of transfers, as lines for a client that wants them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lazaret_supervisor::{Descriptor, Progress};
use serde_json::json;

use crate::answer::Outgoing;

/// Least time between two lines of one transfer.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells a client of transfers. What it does not take in time is left out.
pub(super) struct Lines {
    outgoing: Outgoing,
    /// Bytes of each transfer that is under way, and when they were told.
    items: Mutex<HashMap<String, (u64, Instant)>>,
}

impl Lines {
    pub(super) fn new(outgoing: Outgoing) -> Self {
        Self {
            outgoing,
            items: Mutex::default(),
        }
    }

    fn items(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u64, Instant)>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, item: &Descriptor, bytes: u64) {
        let digest = item.digest.to_string();
        let progress = json!({ "digest": digest, "bytes": bytes, "size": item.size });
        self.outgoing.offer(&json!({ "progress": progress }));
    }
}

impl Progress for Lines {
    fn started(&self, item: &Descriptor) {
        self.items()
            .insert(item.digest.to_string(), (0, Instant::now()));
        self.tell(item, 0);
    }

    fn advanced(&self, item: &Descriptor, bytes: u64) {
        let told = {
            let mut items = self.items();
            let Some((sum, last)) = items.get_mut(&item.digest.to_string()) else {
                return;
            };
            *sum += bytes;
            let is_due = last.elapsed() >= PAUSE;
            if is_due {
                *last = Instant::now();
            }
            is_due.then_some(*sum)
        };
        if let Some(sum) = told {
            self.tell(item, sum.min(item.size));
        }
    }

    fn finished(&self, item: &Descriptor) {
        self.items().remove(&item.digest.to_string());
        self.tell(item, item.size);
    }
}

/// Tells nobody.
pub(super) struct Quiet;

impl Progress for Quiet {
    fn started(&self, _: &Descriptor) {}
    fn advanced(&self, _: &Descriptor, _: u64) {}
    fn finished(&self, _: &Descriptor) {}
}
