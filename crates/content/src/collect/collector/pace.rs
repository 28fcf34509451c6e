//! How much at once, and how long to pause.

use std::time::{Duration, Instant};

use super::super::Settings;

/// Batches never get smaller: below this, a transaction costs more than its rows.
const LEAST: usize = 8;
/// Timers are no finer than this.
const SHORTEST: Duration = Duration::from_millis(1);
/// Pauses are no longer, however slow the database is.
const LONGEST: Duration = Duration::from_secs(2);

/// Keeps transactions short and the collector's share of the database small, so that those
/// who push hardly notice.
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

    /// Rows for the next transaction.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// What is done from now on counts.
    pub(super) fn start(&mut self) {
        self.since = Instant::now();
    }

    /// A transaction over `rows` rows has ended.
    pub(super) fn adapt(&mut self, rows: usize) {
        self.batch = adapted(self.batch, rows, self.since.elapsed(), self.target).min(self.most);
    }

    /// Pauses in proportion to what was done since [`Pace::start`].
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

/// The next size: half after a slow transaction, twice after a full and quick one.
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
mod tests {
    use super::*;

    #[test]
    fn slow_transactions_get_smaller_and_quick_ones_larger() {
        let target = Duration::from_millis(8);
        let (slow, quick) = (Duration::from_millis(20), Duration::from_millis(1));
        assert_eq!(adapted(200, 200, slow, target), 100);
        assert_eq!(adapted(9, 9, slow, target), LEAST);
        assert_eq!(adapted(1, 1, slow, target), 1);
        assert_eq!(adapted(100, 100, quick, target), 200);
        assert_eq!(adapted(100, 3, quick, target), 100);
        assert_eq!(adapted(100, 100, Duration::from_millis(6), target), 100);
    }
}
