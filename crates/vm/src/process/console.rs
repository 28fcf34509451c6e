//! Collects the output of the guest's console.
//!
//! It passes through this process and not straight into a file: a guest that floods its
//! console must not fill the host's disk.

use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use super::tail::Tail;
use crate::Error;

/// Most bytes that are kept in the file.
pub(crate) const MAX_LOG_BYTES: usize = 1024 * 1024;
/// Number of bytes that are kept in memory, for messages.
pub(crate) const TAIL_BYTES: usize = 8 * 1024;

/// The log file, with the beginning of the console's output.
pub(crate) struct Log {
    file: Option<File>,
    room: usize,
}

impl Log {
    pub(crate) async fn create(path: Option<&Path>) -> Result<Self, Error> {
        let file = match path {
            Some(path) => Some(
                File::create(path)
                    .await
                    .map_err(Error::io("create", path))?,
            ),
            None => None,
        };
        Ok(Self {
            file,
            room: MAX_LOG_BYTES,
        })
    }

    async fn push(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        let kept = bytes.len().min(self.room);
        self.room -= kept;
        let outcome = match file.write_all(&bytes[..kept]).await {
            Ok(()) if self.room == 0 => file.write_all(b"\n[console log is full]\n").await,
            outcome => outcome,
        };
        let outcome = match outcome {
            Ok(()) => file.flush().await,
            failed => failed,
        };
        if let Err(error) = &outcome {
            tracing::warn!(%error, "console log not written");
        }
        if outcome.is_err() || self.room == 0 {
            self.file = None;
        }
    }
}

/// Reads the console to its end.
pub(crate) async fn drain(mut source: impl AsyncRead + Unpin, tail: Tail, mut log: Log) {
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(length @ 1..) = source.read(&mut buffer).await {
        tail.push(&buffer[..length]);
        log.push(&buffer[..length]).await;
    }
}
