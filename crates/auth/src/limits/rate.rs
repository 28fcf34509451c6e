//! Limits the rate of requests with a token bucket in its compact form (GCRA).

use std::hash::Hash;
use std::time::Duration;

use super::Bounded;

/// The rate of requests of each of many clients. Times are measured from any fixed moment.
#[derive(Debug)]
pub(crate) struct Rate<K> {
    /// Time between two requests at the limit.
    interval: Duration,
    /// Time that may be used in advance.
    burst: Duration,
    /// The time at which each client's bucket is full again.
    full: Bounded<K, Duration>,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    /// Makes the limit; `burst` is the number of requests that may come at once, at least 1.
    pub(crate) fn new(per_second: f64, burst: u32, clients: usize) -> Self {
        let interval = Duration::from_secs_f64((1.0 / per_second.max(1e-6)).min(1e6));
        Self {
            interval,
            burst: interval.saturating_mul(burst.max(1)),
            full: Bounded::new(clients / 2),
        }
    }

    /// Counts one request. The error is the time to wait; a request that has to wait is not
    /// counted.
    pub(crate) fn take(&mut self, client: K, now: Duration) -> Result<(), Duration> {
        let (interval, burst) = (self.interval, self.burst);
        let full = self.full.get_or(client, || now);
        // After a clock was set back, nobody waits for longer than the burst.
        let start = (*full).clamp(now, now.saturating_add(burst));
        let next = start.saturating_add(interval);
        let limit = now.saturating_add(burst);
        if next > limit {
            *full = start;
            return Err(next.saturating_sub(limit));
        }
        *full = next;
        Ok(())
    }
}
