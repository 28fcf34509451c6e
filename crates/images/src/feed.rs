//! Feeds a blob's bytes to blocking work, such as writing files and compressing.
//!
//! ```text
//! file of this machine ------------------------------> work, on a thread that may block
//! stream --pieces, a few ahead--> channel --> reader --> work
//! ```

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use futures_util::TryStreamExt as _;
use lazaret_files::blocking;
use tokio::sync::mpsc;

use crate::{Blob, Error};

/// Number of pieces that may wait for the work.
const AHEAD: usize = 8;

/// Runs `work` over the content of a blob. If the stream fails, the work gets an error from its
/// reader, and the caller gets the stream's own error.
pub(crate) async fn feed<T: Send + 'static>(
    blob: &Blob,
    work: impl FnOnce(&mut dyn Read) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    if let Some(range) = blob.file() {
        let mut reader = range.reader();
        return blocking(move || work(&mut reader)).await;
    }
    let (sender, receiver) = mpsc::channel(AHEAD);
    let mut pieces = blob.read(0);
    let send = async move {
        while let Some(piece) = pieces.try_next().await? {
            if sender.send(Some(piece)).await.is_err() {
                // The work has ended and returns the reason itself.
                return Ok(());
            }
        }
        let _ = sender.send(None).await;
        Ok(())
    };
    let mut reader = Fed {
        receiver,
        piece: Bytes::new(),
        ended: false,
    };
    let work = blocking(move || work(&mut reader));
    let (sent, worked): (Result<(), Error>, _) = tokio::join!(send, work);
    sent.and(worked)
}

/// Reads the pieces from the channel. Only `None` marks the end of the content.
struct Fed {
    receiver: mpsc::Receiver<Option<Bytes>>,
    piece: Bytes,
    ended: bool,
}

impl Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Some(piece)) => self.piece = piece,
                Some(None) => self.ended = true,
                None => {
                    let text = "the content broke off";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
                }
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
