//! Closes connections whose peer takes too little for too long, so that it cannot hold memory and
//! files for ever. The pace of sending peers is checked where bodies are read.

#[cfg(test)]
mod tests;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::activity::Activity;
use crate::message::Pace;

/// A stream on which writing makes progress, or fails. Time without bytes to write does not count.
pub(crate) struct Impatient<S> {
    stream: S,
    activity: Arc<Activity>,
    pace: Pace,
    deadline: Pin<Box<Sleep>>,
    /// The time since which it waits for the peer.
    waiting: Option<Instant>,
    /// Time spent waiting in this window.
    waited: Duration,
    /// Number of bytes taken in this window.
    taken: u64,
}

impl<S> Impatient<S> {
    pub(crate) fn new(stream: S, pace: Pace, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            pace,
            deadline: Box::pin(tokio::time::sleep(pace.silence)),
            waiting: None,
            waited: Duration::ZERO,
            taken: 0,
        }
    }

    /// Records the result of an attempt to write, and fails it when the peer is too slow.
    fn judge<T>(
        &mut self,
        outcome: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let now = Instant::now;
        match outcome {
            Poll::Ready(Ok(value)) => {
                let bytes = bytes(&value);
                self.activity.took(bytes);
                self.taken = self.taken.saturating_add(bytes as u64);
                if let Some(since) = self.waiting.take() {
                    self.waited += now() - since;
                    if self.waited >= self.pace.window {
                        if self.taken < self.pace.least() {
                            return too_slow();
                        }
                        (self.waited, self.taken) = (Duration::ZERO, 0);
                    }
                }
                Poll::Ready(Ok(value))
            }
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => {
                if self.waiting.is_none() {
                    let since = now();
                    self.waiting = Some(since);
                    self.deadline.as_mut().reset(since + self.pace.silence);
                }
                match self.deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => too_slow(),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

fn too_slow<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(outcome, |written| *written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(outcome, |written| *written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(outcome, |()| 0, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(outcome, |()| 0, cx)
    }
}
