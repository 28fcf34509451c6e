//! The stream of a connection of the guest.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use smoltcp::socket::tcp::{RecvError, Socket};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::engine::Engine;
use super::table::Id;

/// A TCP connection of the guest.
///
/// A shutdown of writing is a FIN after what was written; the other way stays open. Dropped before a
/// shutdown, the connection is reset; afterwards, what was written still gets to the guest.
#[derive(Debug)]
pub struct GuestStream {
    engine: Rc<RefCell<Engine>>,
    id: Id,
}

impl GuestStream {
    /// The only stream of a connection.
    pub(super) fn new(engine: Rc<RefCell<Engine>>, id: Id) -> Self {
        Self { engine, id }
    }

    /// Ready when the guest has answered a call.
    pub(super) fn poll_called(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.engine.borrow_mut().tcp.poll_called(self.id, context)
    }

    /// Lets `take` read from the bytes that the guest has sent; it tells how many it has taken, which
    /// may be none. Ready with `None` at the end.
    pub(crate) fn poll_take<R>(
        &self,
        context: &mut Context<'_>,
        take: impl FnOnce(&[u8]) -> (usize, R),
    ) -> Poll<io::Result<Option<R>>> {
        self.poll(|socket| {
            if socket.can_recv() {
                return match socket.recv(|bytes| take(bytes)) {
                    Ok(result) => Poll::Ready(Ok(Some(result))),
                    Err(_) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                };
            }
            match socket.recv(|_| (0, ())) {
                Ok(()) => {
                    socket.register_recv_waker(context.waker());
                    Poll::Pending
                }
                Err(RecvError::Finished) => Poll::Ready(Ok(None)),
                Err(RecvError::InvalidState) => {
                    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
                }
            }
        })
    }

    /// Lets `fill` write where bytes for the guest have a place; it tells how many it has written, which
    /// may be none.
    pub(crate) fn poll_fill<R>(
        &self,
        context: &mut Context<'_>,
        fill: impl FnOnce(&mut [u8]) -> (usize, R),
    ) -> Poll<io::Result<R>> {
        self.poll(|socket| {
            if !socket.may_send() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            if !socket.can_send() {
                socket.register_send_waker(context.waker());
                return Poll::Pending;
            }
            let result = socket.send(fill);
            Poll::Ready(result.map_err(|_| io::ErrorKind::BrokenPipe.into()))
        })
    }

    /// Breaks the connection off with RST.
    pub(crate) fn reset(&mut self) {
        self.engine.borrow_mut().tcp.abort(self.id);
    }

    /// Ends what is written, after what was.
    pub(crate) fn finish(&self) {
        let mut engine = self.engine.borrow_mut();
        engine.tcp.with(self.id, Socket::close);
        engine.tcp.touch(self.id);
    }

    fn poll<R>(
        &self,
        act: impl FnOnce(&mut Socket<'static>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let mut engine = self.engine.borrow_mut();
        let Some(result) = engine.tcp.with(self.id, act) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        if matches!(result, Poll::Ready(Ok(_))) {
            engine.tcp.touch(self.id);
        }
        result
    }
}

impl AsyncRead for GuestStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = self.poll_take(context, |bytes| {
            let count = bytes.len().min(buffer.remaining());
            buffer.put_slice(&bytes[..count]);
            (count, ())
        });
        result.map_ok(|_| ())
    }
}

impl AsyncWrite for GuestStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_fill(context, |space| {
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            (count, count)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}

impl Drop for GuestStream {
    fn drop(&mut self) {
        let mut engine = self.engine.borrow_mut();
        let now = engine.now();
        engine.tcp.leave(self.id, now);
    }
}
