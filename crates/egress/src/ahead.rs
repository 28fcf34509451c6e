//! A stream whose next bytes can be looked at before they are read.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are asked for at a time.
const PIECE: usize = 4096;

/// Bytes that are read while the peer is only watched.
const WATCHED: usize = 16 * 1024;

/// A stream with the bytes that were read of it and not consumed.
#[derive(Debug)]
pub(crate) struct Ahead<S> {
    stream: S,
    bytes: BytesMut,
    ended: bool,
}

impl<S: AsyncRead + Unpin> Ahead<S> {
    /// Wraps a stream of which nothing was read.
    pub(crate) fn new(stream: S) -> Self {
        Self::with(stream, BytesMut::new())
    }

    /// Wraps a stream of which `bytes` were read.
    pub(crate) fn with(stream: S, bytes: BytesMut) -> Self {
        Self {
            stream,
            bytes,
            ended: false,
        }
    }

    /// The bytes that were read and not consumed.
    pub(crate) fn seen(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the peer has ended its side.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Consumes the first `count` of the seen bytes.
    pub(crate) fn consume(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    /// The stream itself.
    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream itself, and the bytes that were read of it and not consumed.
    pub(crate) fn into_parts(self) -> (S, BytesMut) {
        (self.stream, self.bytes)
    }

    /// Reads more; whether there was any.
    pub(crate) async fn more(&mut self) -> io::Result<bool> {
        poll_fn(|context| self.poll_more(context)).await
    }

    /// Ends when the peer has ended its side or the connection is broken. Somebody who sends on and on
    /// without being read is not watched any more.
    pub(crate) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.bytes.len() < WATCHED {
            match ready!(self.poll_more(context)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        let mut piece = [0; PIECE];
        let mut buffer = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        self.bytes.extend_from_slice(buffer.filled());
        self.ended = buffer.filled().is_empty();
        Poll::Ready(Ok(!self.ended))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ahead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.bytes.is_empty() {
            let count = self.bytes.len().min(buffer.remaining());
            buffer.put_slice(&self.bytes[..count]);
            self.bytes.advance(count);
            if self.bytes.is_empty() {
                self.bytes = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ahead<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
