//! Standard output or standard error, whose reader may close it.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::failure::Failure;

/// An output of this process.
pub(super) struct Output<W> {
    writer: W,
    closed: bool,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    pub(super) fn new(writer: W) -> Self {
        Self {
            writer,
            closed: false,
        }
    }

    /// Writes and flushes; `false` when the reader has closed the output.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        if self.closed {
            return Ok(false);
        }
        let outcome = match self.writer.write_all(bytes).await {
            Ok(()) => self.writer.flush().await,
            failed => failed,
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(false)
            }
            Err(error) => Err(Failure::io("write the workload's output", error)),
        }
    }
}
