//! Checks whether the registry can take requests, for `/readyz`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lazaret_content::{BlobStore, Database, UploadId};
use lazaret_values::Chain;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::metrics::Metrics;

/// Time for which a result is reused: there may be many load balancers, which ask often.
const FRESH: Duration = Duration::from_secs(1);
/// Longest time for a store to respond.
const PATIENCE: Duration = Duration::from_secs(2);

/// The reason that the registry cannot take requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unready {
    /// It is about to stop.
    Draining,
    /// The metadata store does not respond.
    Metadata,
    /// The content store does not respond.
    Storage,
    /// There is no room for more content.
    Full,
}

impl Unready {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::Metadata => "metadata",
            Self::Storage => "storage",
            Self::Full => "full",
        }
    }
}

/// The readiness, which is checked at most once a second.
#[derive(Debug, Default)]
pub(crate) struct Health {
    is_draining: AtomicBool,
    last: Mutex<Option<(Instant, Result<(), Unready>)>>,
}

impl Health {
    /// From now on the registry is not ready.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Checks that the stores respond and have room.
    ///
    /// # Errors
    /// Fails with the store that does not respond, or because there is no room.
    pub(crate) async fn check(
        &self,
        metadata: &dyn Database,
        objects: &dyn BlobStore,
        metrics: &Metrics,
    ) -> Result<(), Unready> {
        if self.is_draining.load(Ordering::Relaxed) {
            return Err(Unready::Draining);
        }
        let mut last = self.last.lock().await;
        if let Some((when, outcome)) = *last
            && when.elapsed() < FRESH
        {
            return outcome;
        }
        let (is_there, is_stored) = tokio::join!(
            answers("metadata", async {
                let start = Instant::now();
                let waiting = metadata.waiting().await?;
                metrics.metadata_answered(start.elapsed());
                metrics.events_waiting(waiting);
                Ok(())
            }),
            // No object has this name; any response of the store is enough.
            answers("storage", async {
                objects.stat(&UploadId::random()).await.map(drop)
            }),
        );
        let outcome = match (is_there, is_stored) {
            (false, _) => Err(Unready::Metadata),
            (_, false) => Err(Unready::Storage),
            _ => match has_room(metadata, objects).await {
                true => Ok(()),
                false => Err(Unready::Full),
            },
        };
        metrics.storage_full(outcome == Err(Unready::Full));
        *last = Some((Instant::now(), outcome));
        outcome
    }
}

/// Whether both stores have room for more content, as far as they can tell.
async fn has_room(metadata: &dyn Database, objects: &dyn BlobStore) -> bool {
    answers("room", async {
        metadata.room().await?;
        objects.room().await
    })
    .await
}

async fn answers(
    what: &str,
    question: impl Future<Output = Result<(), lazaret_content::Error>>,
) -> bool {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            let error = Chain(&error).to_string();
            tracing::error!(what, error, "not ready");
            false
        }
        Err(_) => {
            tracing::error!(what, "not ready: no answer in time");
            false
        }
    }
}
