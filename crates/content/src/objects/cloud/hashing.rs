//! Hashes blocks on another thread while the next one is received.

use bytes::Bytes;
use lazaret_oci::Hasher;
use tokio::task::JoinHandle;

use crate::Error;

/// Blocks below this size in bytes are hashed in place.
const SMALL: usize = 16 * 1024;

/// An optional hasher, which works on another thread while the next block is received.
pub(super) enum Hashing {
    None,
    Idle(Box<Hasher>),
    Busy(JoinHandle<Box<Hasher>>),
}

impl Hashing {
    pub(super) fn new(hasher: Option<Hasher>) -> Self {
        hasher.map_or(Self::None, |hasher| Self::Idle(Box::new(hasher)))
    }

    /// Hashes a block; waits for the previous one.
    pub(super) async fn add(&mut self, block: Bytes) -> Result<(), Error> {
        self.settle().await?;
        match self {
            Self::Idle(hasher) if block.len() < SMALL => hasher.update(&block),
            Self::Idle(_) => {
                if let Self::Idle(mut hasher) = std::mem::replace(self, Self::None) {
                    *self = Self::Busy(tokio::task::spawn_blocking(move || {
                        hasher.update(&block);
                        hasher
                    }));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Waits for the last block and returns the hasher.
    pub(super) async fn finish(mut self) -> Result<Option<Hasher>, Error> {
        self.settle().await?;
        match self {
            Self::Idle(hasher) => Ok(Some(*hasher)),
            _ => Ok(None),
        }
    }

    async fn settle(&mut self) -> Result<(), Error> {
        if let Self::Busy(task) = self {
            *self = Self::Idle(task.await.map_err(|_| Error::Stopped)?);
        }
        Ok(())
    }
}
