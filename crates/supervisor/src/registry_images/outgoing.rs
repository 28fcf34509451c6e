//! A blob on its way to a registry.
//!
//! ```text
//! parked at N --open(N)--> reading --dropped--> parked where it stopped
//!     \--open(M)--> a new stream from M        \--failed--> nothing is parked
//! ```

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use lazaret_client::BlobSource;
use lazaret_images::{Blob, Pieces};
use tokio::io::{AsyncRead, ReadBuf};

/// The content of a blob as the client takes it: from an offset, any number of times. A stream that
/// stands where the client goes on is used again, so that chunks of a blob of another registry
/// are one download.
pub(super) struct Outgoing {
    blob: Blob,
    parked: Arc<Mutex<Option<Stand>>>,
}

/// A stream, and where in the blob it is.
struct Stand {
    at: u64,
    pieces: Pieces,
    piece: Bytes,
}

impl Outgoing {
    /// The content of `blob`.
    pub(super) fn new(blob: Blob) -> Self {
        Self {
            blob,
            parked: Arc::default(),
        }
    }
}

impl BlobSource for Outgoing {
    fn open(
        &self,
        offset: u64,
    ) -> BoxFuture<'_, io::Result<Box<dyn AsyncRead + Send + Unpin + 'static>>> {
        let parked = self
            .parked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let stand = parked.filter(|stand| stand.at == offset);
        let stand = stand.unwrap_or_else(|| Stand {
            at: offset,
            pieces: self.blob.read(offset),
            piece: Bytes::new(),
        });
        let reader = Reader {
            stand: Some(stand),
            parked: Arc::clone(&self.parked),
        };
        Box::pin(std::future::ready(Ok(Box::new(reader) as Box<_>)))
    }
}

struct Reader {
    /// Absent after a failure.
    stand: Option<Stand>,
    parked: Arc<Mutex<Option<Stand>>>,
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(stand) = &mut self.stand else {
            return Poll::Ready(Err(io::Error::other("an earlier read failed")));
        };
        while stand.piece.is_empty() {
            match ready!(stand.pieces.poll_next_unpin(cx)) {
                Some(Ok(piece)) => stand.piece = piece,
                Some(Err(error)) => {
                    self.stand = None;
                    return Poll::Ready(Err(io::Error::other(error)));
                }
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = stand.piece.len().min(buffer.remaining());
        buffer.put_slice(&stand.piece[..length]);
        stand.piece.advance(length);
        stand.at += length as u64;
        Poll::Ready(Ok(()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(stand) = self.stand.take() {
            let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
            *parked = Some(stand);
        }
    }
}

#[cfg(test)]
mod tests;
