//! Adapts the size of transactions, and the pauses between them.

use std::time::{Duration, Instant};

use crate::collect::settings::Settings;

/// Smallest batch in rows: below this, the overhead of a transaction exceeds the cost of its rows.
const LEAST: usize = 8;
/// Shortest pause; timers are no finer.
const SHORTEST: Duration = Duration::from_millis(1);
/// Longest pause, however slow the database is.
const LONGEST: Duration = Duration::from_secs(2);

/// Keeps transactions short and the collector's share of the database small, so that pushing
/// clients hardly notice.
pub(super) struct Pace {
    most: usize,
    batch: usize,
    target: Duration,
    rest: u32,
    owed: Duration,
    since: Instant,
}

impl Pace {
    pub(super) fn new(settings: &Settings) -> Self {
        let most = settings.batch.max(1);
        Self {
            most,
            batch: most,
            target: settings.target,
            rest: settings.rest,
            owed: Duration::ZERO,
            since: Instant::now(),
        }
    }

    /// Number of rows for the next transaction.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// Starts to measure work.
    pub(super) fn start(&mut self) {
        self.since = Instant::now();
    }

    /// Adapts the batch after a transaction over `rows` rows.
    pub(super) fn adapt(&mut self, rows: usize) {
        self.batch = adapted(self.batch, rows, self.since.elapsed(), self.target).min(self.most);
    }

    /// Pauses in proportion to the work since [`Pace::start`].
    pub(super) async fn rest(&mut self) {
        self.owed = self
            .owed
            .saturating_add(self.since.elapsed().saturating_mul(self.rest))
            .min(LONGEST);
        if self.owed >= SHORTEST {
            tokio::time::sleep(std::mem::take(&mut self.owed)).await;
        } else {
            tokio::task::yield_now().await;
        }
        self.start();
    }
}

/// The next batch in rows: half after a slow transaction, double after a full and quick one.
fn adapted(batch: usize, rows: usize, took: Duration, target: Duration) -> usize {
    if took > target {
        (batch / 2).max(LEAST.min(batch))
    } else if rows >= batch && took < target / 2 {
        batch.saturating_mul(2)
    } else {
        batch
    }
}

#[cfg(test)]
mod tests;
