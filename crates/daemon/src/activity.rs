//! Counts the requests under way, so that an idle daemon can end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Least interval between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// The requests of a daemon.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Mutex<Counted>>);

#[derive(Debug)]
struct Counted {
    requests: usize,
    /// When the last one was over.
    last: Instant,
}

/// A request under way, until its answer is sent or its stream is over.
#[derive(Debug)]
pub(crate) struct Busy(Activity);

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Counted {
            requests: 0,
            last: Instant::now(),
        })))
    }

    /// Counts a request.
    pub(crate) fn begin(&self) -> Busy {
        self.counted().requests += 1;
        Busy(self.clone())
    }

    /// Resolves when there was no request for so long; never without a limit.
    pub(crate) async fn idle(&self, limit: Option<Duration>) {
        let Some(limit) = limit else {
            return std::future::pending().await;
        };
        loop {
            let end = {
                let counted = self.counted();
                match counted.requests {
                    0 => counted.last + limit,
                    _ => Instant::now() + limit.max(LOOK),
                }
            };
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut counted = self.0.counted();
        counted.requests -= 1;
        counted.last = Instant::now();
    }
}
