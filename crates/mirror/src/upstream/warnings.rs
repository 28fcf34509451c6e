//! Tells the operator of what an upstream does, now and then.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;

/// Time between two warnings of one upstream about the same kind of failure.
const INTERVAL: Duration = Duration::from_secs(30);

/// The last warnings of an upstream: of refusals, of other failures.
#[derive(Debug, Default)]
pub(super) struct Warnings(Mutex<[Option<Instant>; 2]>);

impl Warnings {
    /// Logs a failure, unless one of its kind was logged a moment ago. What is not there is none.
    pub(super) fn tell(&self, namespace: &str, error: &Error) {
        let kind = match error {
            Error::NotFound { .. } => return,
            Error::Refused { .. } => 0,
            _ => 1,
        };
        let is_due = {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = last[kind].is_none_or(|then| then.elapsed() > INTERVAL);
            if is_due {
                last[kind] = Some(Instant::now());
            }
            is_due
        };
        if is_due {
            tracing::warn!(upstream = namespace, %error, "an upstream does not give what was asked for");
        }
    }
}
