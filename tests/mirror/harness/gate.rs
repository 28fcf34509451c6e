//! A gate at which a server waits until a test opens it.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Longest wait, after which a test has failed anyhow.
const PATIENCE: Duration = Duration::from_secs(40);

/// A gate that is closed until it is opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets everybody pass, now and later.
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open; `false` when nobody opens it.
    pub(crate) fn pass(&self) -> bool {
        let closed = self.0.0.lock().unwrap();
        let waited = self.0.1.wait_timeout_while(closed, PATIENCE, |open| !*open);
        !waited.unwrap().1.timed_out()
    }
}
