//! Spreads requests to an upstream over time: a bucket of tokens that fills at a fixed rate.
//!
//! Who comes when the bucket is empty waits for a token of the future, in the order of coming; nobody is
//! refused.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Longest time between two requests: one a day.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The rate of requests.
#[derive(Debug)]
pub(super) struct Pace {
    /// Time in which a token comes.
    each: Duration,
    /// Time in which the bucket fills: it has the tokens of one second, and one at least.
    whole: Duration,
    /// When the bucket would be full if nobody took a token any more.
    full: Mutex<Instant>,
}

impl Pace {
    /// This many requests per second; `None` for a number that is no rate, which limits nothing.
    pub(super) fn new(per_second: f64) -> Option<Self> {
        if !per_second.is_finite() || per_second <= 0.0 {
            return None;
        }
        let each = Duration::try_from_secs_f64(per_second.recip());
        let each = each.unwrap_or(LONGEST).min(LONGEST);
        Some(Self {
            each,
            whole: each.max(Duration::from_secs(1)),
            full: Mutex::new(Instant::now()),
        })
    }

    /// Takes a token, and waits until it has come. One that is not waited for is lost.
    pub(super) async fn wait(&self) {
        let at = self.take(Instant::now());
        sleep_until(at).await;
    }

    /// The time at which the next token comes.
    fn take(&self, now: Instant) -> Instant {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        *full = (*full).max(now) + self.each;
        full.checked_sub(self.whole).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests;
