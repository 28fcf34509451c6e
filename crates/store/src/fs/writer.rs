//! Appending to an upload from async code: while one batch is hashed and written on another
//! thread, the next one is received. A slow peer occupies no thread.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::blobs::Uploads;
use super::staged::Staged;
use crate::{BoxFuture, Error, UploadId, UploadWriter};

/// Bytes handed over at once.
const BATCH: usize = 512 * 1024;

pub(super) struct FsUploadWriter {
    uploads: Arc<Uploads>,
    id: UploadId,
    batch: Vec<Bytes>,
    batched: usize,
    state: State,
}

enum State {
    Idle(Box<Staged>),
    Writing(JoinHandle<(Box<Staged>, Result<(), Error>)>),
    Lost,
}

impl FsUploadWriter {
    pub(super) fn new(uploads: Arc<Uploads>, id: UploadId, staged: Staged) -> Self {
        Self {
            uploads,
            id,
            batch: Vec::new(),
            batched: 0,
            state: State::Idle(Box::new(staged)),
        }
    }

    /// Waits for the batch under way.
    async fn settle(&mut self) -> Result<(), Error> {
        if let State::Writing(task) = &mut self.state {
            let done = task.await;
            self.state = State::Lost;
            let (staged, outcome) = done.map_err(|_| Error::Stopped)?;
            self.state = State::Idle(staged);
            outcome?;
        }
        Ok(())
    }

    /// Hands over the collected batch.
    async fn flush(&mut self) -> Result<(), Error> {
        self.settle().await?;
        let State::Idle(mut staged) = std::mem::replace(&mut self.state, State::Lost) else {
            return Err(Error::Stopped);
        };
        let batch = std::mem::take(&mut self.batch);
        self.batched = 0;
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            let outcome = staged.append(&batch);
            (staged, outcome)
        }));
        Ok(())
    }
}

impl UploadWriter for FsUploadWriter {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.batched += bytes.len();
            self.batch.push(bytes);
            if self.batched >= BATCH {
                self.flush().await?;
            }
            Ok(())
        })
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, Result<u64, Error>> {
        Box::pin(async move {
            if self.batched > 0 {
                self.flush().await?;
            }
            self.settle().await?;
            match &self.state {
                State::Idle(staged) => Ok(staged.offset),
                _ => Err(Error::Stopped),
            }
            // Dropping `self` hands the running hash back.
        })
    }
}

impl Drop for FsUploadWriter {
    fn drop(&mut self) {
        if let State::Idle(staged) = &mut self.state
            && let Some(running) = staged.running.take()
        {
            self.uploads.remember(&self.id, running);
        }
    }
}
