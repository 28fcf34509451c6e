//! Streams and tasks as hyper takes them, on one thread.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::ahead::Ahead;

/// A stream of bytes in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl fmt::Debug for dyn Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stream(..)")
    }
}

/// Runs hyper's tasks on this thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local;

impl<F: Future<Output: 'static> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}

/// A stream that hyper reads while somebody else watches whether the peer is still there.
pub(super) struct Watched(Rc<RefCell<Ahead<Box<dyn Stream>>>>);

/// Sees whether the peer of a stream is still there.
#[derive(Clone)]
pub(super) struct Watch(Rc<RefCell<Ahead<Box<dyn Stream>>>>);

impl Watched {
    /// Wraps a stream.
    pub(super) fn new(stream: Ahead<Box<dyn Stream>>) -> Self {
        Self(Rc::new(RefCell::new(stream)))
    }

    /// Sees whether the peer is still there.
    pub(super) fn watch(&self) -> Watch {
        Watch(Rc::clone(&self.0))
    }
}

impl Watch {
    /// Ends when the peer has gone.
    pub(super) async fn gone(&self) {
        poll_fn(|context| self.0.borrow_mut().poll_gone(context)).await;
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watched(..)")
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.borrow().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_shutdown(context)
    }
}
