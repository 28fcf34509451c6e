//! Appends to a file from async code: while one batch is hashed and written on another
//! thread, the next one is received. A slow peer occupies no thread.

use std::sync::Arc;

use bytes::Bytes;
use lazaret_oci::Hasher;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::staged::StagedFile;
use crate::reserve::Reserve;
use crate::{BoxFuture, Error, ObjectWriter, Staged};

/// Size of a batch in bytes. One batch is written while the next one is received, so that an
/// upload occupies twice as much memory.
const BATCH: usize = 128 * 1024;

/// Most buffers in a batch, so that a peer that sends single bytes occupies no more memory.
const PIECES: usize = 1024;

/// Permits for batches that are hashed and written concurrently, over all uploads. This is work for
/// processors: more threads would only take turns, each with a stack and a heap of its own.
pub(super) fn turns() -> Semaphore {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    Semaphore::new(2 * processors)
}

pub(super) struct FileWriter {
    turns: Arc<Semaphore>,
    batch: Vec<Bytes>,
    batched: usize,
    state: State,
}

/// ```text
/// Idle --flush--> Writing --settle--> Idle
///                   \-------settle, write failed--> Failed
/// ```
enum State {
    Idle(Box<Target>),
    Writing(JoinHandle<Result<Box<Target>, Error>>),
    Failed,
}

struct Target {
    file: StagedFile,
    hasher: Option<Hasher>,
    reserve: Reserve,
}

impl Target {
    fn take(&mut self, batch: &[Bytes]) -> Result<(), Error> {
        self.file.write(batch, &self.reserve)?;
        if let Some(hasher) = &mut self.hasher {
            for bytes in batch {
                hasher.update(bytes);
            }
        }
        Ok(())
    }
}

impl FileWriter {
    pub(super) fn new(
        file: StagedFile,
        hasher: Option<Hasher>,
        turns: Arc<Semaphore>,
        reserve: Reserve,
    ) -> Self {
        let target = Target {
            file,
            hasher,
            reserve,
        };
        Self {
            turns,
            batch: Vec::new(),
            batched: 0,
            state: State::Idle(Box::new(target)),
        }
    }

    /// Waits for the batch that is being written.
    async fn settle(&mut self) -> Result<Box<Target>, Error> {
        // A caller that stops waiting here finds the task again.
        let outcome = match &mut self.state {
            State::Writing(task) => Some(task.await),
            _ => None,
        };
        match (std::mem::replace(&mut self.state, State::Failed), outcome) {
            (State::Idle(target), _) => Ok(target),
            (_, Some(outcome)) => outcome.map_err(|_| Error::Stopped)?,
            (_, None) => Err(Error::Stopped),
        }
    }

    /// Starts to write the collected batch.
    async fn flush(&mut self) -> Result<(), Error> {
        // Before the target is taken: a caller that stops waiting here has lost nothing.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Stopped)?;
        let mut target = self.settle().await?;
        let batch = std::mem::take(&mut self.batch);
        self.batched = 0;
        self.state = State::Writing(tokio::task::spawn_blocking(move || {
            target.take(&batch)?;
            drop(turn);
            Ok(target)
        }));
        Ok(())
    }
}

impl ObjectWriter for FileWriter {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.batched += bytes.len();
            self.batch.push(bytes);
            if self.batched >= BATCH || self.batch.len() >= PIECES {
                self.flush().await?;
            }
            Ok(())
        })
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, Result<(Staged, Option<Hasher>), Error>> {
        Box::pin(async move {
            if self.batched > 0 {
                self.flush().await?;
            }
            let target = self.settle().await?;
            let staged = Staged {
                size: target.file.end,
                state: None,
            };
            Ok((staged, target.hasher))
        })
    }
}
