//! A connection, over TCP or TLS, directly or through a proxy.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::reach::Zone;

/// A stream of bytes in both directions.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The other end, as an extension of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    /// The zone of its address. Of a host whose address only a proxy knows, it is the one from
    /// which servers may point to the fewest.
    pub(super) zone: Zone,
    /// Whether a proxy looked its name up.
    pub(super) is_by_name: bool,
}

/// A connection that knows its other end.
pub(super) struct Conn {
    io: TokioIo<Box<dyn Io>>,
    peer: Peer,
}

impl Conn {
    pub(super) fn new(io: Box<dyn Io>, peer: Peer) -> Self {
        Self {
            io: TokioIo::new(io),
            peer,
        }
    }
}

impl Connection for Conn {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.peer)
    }
}

impl hyper::rt::Read for Conn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Conn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        hyper::rt::Write::is_write_vectored(&self.io)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, buffers)
    }
}
