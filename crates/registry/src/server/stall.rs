//! Connections whose peer takes too little for too long are given up, so that it cannot hold
//! memory and files forever. Waiting for the peer to send is limited where bodies are read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::activity::Activity;

/// How slow a peer may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Longest time in which it takes nothing.
    pub(crate) stall: Duration,
    /// Bytes a second it has to take, on average over `window`; 0 for any.
    pub(crate) rate: u64,
    /// Time spent waiting for it, after which `rate` is looked at.
    pub(crate) window: Duration,
}

impl Patience {
    /// Bytes that have to go in one window.
    fn least(&self) -> u64 {
        let milliseconds = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        self.rate.saturating_mul(milliseconds) / 1000
    }
}

/// A stream on which writing makes progress, or fails. Time in which there is nothing to write
/// does not count.
pub(crate) struct Impatient<S> {
    stream: S,
    activity: Arc<Activity>,
    patience: Patience,
    deadline: Pin<Box<Sleep>>,
    /// Since when it has been waiting for the peer.
    waiting: Option<Instant>,
    /// Time waited in this window.
    waited: Duration,
    /// Bytes taken in this window.
    taken: u64,
}

impl<S> Impatient<S> {
    pub(crate) fn new(stream: S, patience: Patience, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            patience,
            deadline: Box::pin(tokio::time::sleep(patience.stall)),
            waiting: None,
            waited: Duration::ZERO,
            taken: 0,
        }
    }

    /// Notes what an attempt to write did, and fails it when the peer is too slow.
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
                    if self.waited >= self.patience.window {
                        if self.taken < self.patience.least() {
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
                    self.deadline.as_mut().reset(since + self.patience.stall);
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn patience(stall: u64, rate: u64, window: u64) -> Patience {
        Patience {
            stall: Duration::from_millis(stall),
            rate,
            window: Duration::from_millis(window),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, mut far) = tokio::io::duplex(1024);
        let mut near = Impatient::new(near, patience(600, 0, 600), Arc::default());
        // Slow, but it goes on: longer in all than the limit.
        let reader = tokio::spawn(async move {
            let mut buffer = [0; 1024];
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_millis(200)).await;
                far.read_exact(&mut buffer).await.unwrap();
            }
            far
        });
        near.write_all(&[0; 4096]).await.unwrap();
        let _far = reader.await.unwrap();
        let error = near.write_all(&[0; 4096]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    /// A peer that takes `step` bytes ten times a second.
    async fn drip(step: usize, patience: Patience) -> io::Result<()> {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Impatient::new(near, patience, Arc::default());
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; step];
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if far.read_exact(&mut buffer).await.is_err() {
                    break;
                }
            }
        });
        let outcome = near.write_all(&[0; 4096]).await;
        drop(near);
        reader.await.unwrap();
        outcome
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_byte_now_and_then_is_given_up() {
        let error = drip(1, patience(600, 100, 2000)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_fast_enough_gets_everything() {
        drip(32, patience(600, 100, 2000)).await.unwrap();
        // And without a rate, any progress will do.
        drip(1, patience(600, 0, 2000)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn time_without_anything_to_write_does_not_count() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Impatient::new(near, patience(600, 100, 2000), Arc::default());
        let mut buffer = [0; 64];
        for _ in 0..3 {
            near.write_all(&[0; 64]).await.unwrap();
            far.read_exact(&mut buffer).await.unwrap();
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }
}
