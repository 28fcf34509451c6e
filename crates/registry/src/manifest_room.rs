//! Bounds the memory that manifests take while they are received and stored.

use std::sync::Arc;
use std::time::Duration;

use http::{StatusCode, header};
use lazaret_oci::wire::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::message::Refusal;

/// Bytes of a manifest that takes no room. Nearly all are smaller, and so never wait for others.
const SMALL: usize = 16 * 1024;
/// Bytes of all larger manifests that are received and stored at the same time.
const ROOM: usize = 64 * 1024 * 1024;
/// Bytes that one permit stands for.
const UNIT: usize = 1024;
/// Longest wait for room.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time in which a manifest that takes room must arrive, as others wait for it.
pub(crate) const ARRIVAL: Duration = Duration::from_secs(60);

/// The room for manifests. Small ones need none.
#[derive(Debug)]
pub(crate) struct ManifestRoom {
    bytes: Arc<Semaphore>,
    /// Storing a manifest that names thousands of things takes long, and the database has one
    /// writer. Requests with smaller ones come between two of them.
    turn: Semaphore,
}

impl Default for ManifestRoom {
    fn default() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(ROOM / UNIT)),
            turn: Semaphore::new(1),
        }
    }
}

impl ManifestRoom {
    /// Waits for room for a manifest of `bytes`, which is free again when the value is dropped;
    /// `None` for a small one.
    ///
    /// # Errors
    /// Fails with 503 when there is none in time.
    pub(crate) async fn take(&self, bytes: usize) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        if bytes <= SMALL {
            return Ok(None);
        }
        let units = u32::try_from(bytes.min(ROOM).div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permits = Arc::clone(&self.bytes).acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, permits).await {
            Ok(Ok(permits)) => Ok(Some(permits)),
            Ok(Err(_)) | Err(_) => Err(Refusal::new(
                ErrorCode::TooManyRequests,
                "too many large manifests are being pushed",
            )
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .header(header::RETRY_AFTER, "5")),
        }
    }

    /// Does the work of storing a manifest of `bytes`: one large one at a time.
    pub(crate) async fn in_turn<T>(&self, bytes: usize, work: impl Future<Output = T>) -> T {
        let _turn = match bytes {
            ..=SMALL => None,
            _ => self.turn.acquire().await.ok(),
        };
        work.await
    }
}

#[cfg(test)]
mod tests;
