//! A blob that is pushed to a registry.
//!
//! ```text
//! parked at N --open(N)--> reading --dropped--> parked where it stopped
//!     \--open(M)--> a new stream from M        \--failed--> nothing is parked
//! ```
//!
//! A request takes as many bytes as the descriptor says and does not look further. So the last
//! bytes are held back until the stream has ended, and content that is too long is refused.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use lazaret_client::BlobSource;
use lazaret_images::{Blob, Error, Pieces};
use lazaret_oci::Descriptor;
use tokio::io::{AsyncRead, ReadBuf};

/// The content of a blob in the form that the client takes: readable from any offset, any number of
/// times. A stream that stands at the wanted offset is used again, so that a blob that is copied
/// from another registry in chunks is downloaded only once.
pub(super) struct Outgoing {
    blob: Blob,
    parked: Arc<Mutex<Option<Stand>>>,
}

/// A stream and its position in the blob, in bytes.
struct Stand {
    at: u64,
    pieces: Pieces,
    piece: Bytes,
    has_ended: bool,
}

impl Stand {
    /// Fills an empty `piece`; at the end of the stream it stays empty.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.piece.is_empty() && !self.has_ended {
            match ready!(self.pieces.poll_next_unpin(cx)) {
                Some(piece) => self.piece = piece?,
                None => self.has_ended = true,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Checks that the stream ends where the blob that `descriptor` describes ends.
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        descriptor: &Descriptor,
    ) -> Poll<Result<(), Error>> {
        let mut reach = self.at + self.piece.len() as u64;
        while reach >= descriptor.size && !self.has_ended {
            match ready!(self.pieces.poll_next_unpin(cx)) {
                Some(piece) => reach += piece?.len() as u64,
                None => self.has_ended = true,
            }
            if reach > descriptor.size {
                break;
            }
        }
        if reach > descriptor.size {
            return Poll::Ready(Err(Error::SizeMismatch {
                subject: format!("blob {}", descriptor.digest),
                expected: descriptor.size,
                actual: reach,
            }));
        }
        Poll::Ready(Ok(()))
    }
}

impl Outgoing {
    /// Makes the content of `blob`.
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
            has_ended: false,
        });
        let reader = Reader {
            descriptor: self.blob.descriptor().clone(),
            stand: Some(stand),
            parked: Arc::clone(&self.parked),
        };
        Box::pin(std::future::ready(Ok(Box::new(reader) as Box<_>)))
    }
}

struct Reader {
    descriptor: Descriptor,
    /// `None` after a failure.
    stand: Option<Stand>,
    parked: Arc<Mutex<Option<Stand>>>,
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            descriptor, stand, ..
        } = &mut *self;
        let Some(reading) = stand else {
            return Poll::Ready(Err(io::Error::other("an earlier read failed")));
        };
        let mut outcome = ready!(reading.poll_piece(cx));
        if outcome.is_ok() {
            outcome = ready!(reading.poll_end(cx, descriptor));
        }
        if let Err(error) = outcome {
            *stand = None;
            return Poll::Ready(Err(io::Error::other(error)));
        }
        let length = reading.piece.len().min(buffer.remaining());
        buffer.put_slice(&reading.piece[..length]);
        reading.piece.advance(length);
        reading.at += length as u64;
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
