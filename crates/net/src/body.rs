//! Reads bodies of bounded size, whose sender may pause but not for ever.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use thiserror::Error;
use tokio::time::{Instant, Sleep};

/// Bytes that must come within the time that a body may be silent, so that one byte now and then
/// does not hold a reader for ever.
pub const LEAST_BYTES: usize = 16 * 1024;

/// The reason why a body ended early.
#[derive(Debug, Error)]
pub enum BodyError<E: std::error::Error + 'static = hyper::Error> {
    /// The connection broke.
    #[error("the body broke off")]
    Broken(#[source] E),
    /// Nothing arrived for this time.
    #[error("no data for {0:?}")]
    Silent(Duration),
    /// Data came, but less than [`LEAST_BYTES`] in this time.
    #[error("less than {LEAST_BYTES} bytes in {0:?}")]
    Slow(Duration),
}

/// A body that fails when nothing comes for a while, or hardly anything for as long in all. Only
/// the time that somebody waits for it counts, not the time that a slow reader takes.
#[derive(Debug)]
pub struct TimedBody<B = Incoming> {
    body: B,
    patience: Duration,
    timer: Pin<Box<Sleep>>,
    /// Since when a reader waits.
    waiting: Option<Instant>,
    /// Time waited for the last `received` bytes.
    waited: Duration,
    received: usize,
}

impl<B> TimedBody<B> {
    /// A body that may pause for at most `patience`.
    #[must_use]
    pub fn new(body: B, patience: Duration) -> Self {
        Self {
            body,
            patience,
            timer: Box::pin(tokio::time::sleep(patience)),
            waiting: None,
            waited: Duration::ZERO,
            received: 0,
        }
    }

    /// Counts what came; whether it was too little for the time that it took.
    fn is_slow(&mut self, bytes: usize) -> bool {
        let waited = self.waiting.take().map(|since| since.elapsed());
        self.waited += waited.unwrap_or_default();
        self.received += bytes;
        if self.received >= LEAST_BYTES {
            (self.waited, self.received) = (Duration::ZERO, 0);
        }
        self.waited >= self.patience
    }
}

impl<B> Body for TimedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    type Data = Bytes;
    type Error = BodyError<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            let Some(frame) = frame.transpose().map_err(BodyError::Broken)? else {
                return Poll::Ready(None);
            };
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if this.is_slow(bytes) && !this.body.is_end_stream() {
                return Poll::Ready(Some(Err(BodyError::Slow(this.patience))));
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        if this.waiting.is_none() {
            let now = Instant::now();
            this.waiting = Some(now);
            this.timer.as_mut().reset(now + this.patience);
        }
        let silent = BodyError::Silent(this.patience);
        this.timer.as_mut().poll(cx).map(|()| Some(Err(silent)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads the next piece of a body, which is never empty; `None` at the end. Trailers are skipped.
///
/// # Errors
/// Those of the body.
pub async fn next_piece<B>(body: &mut B) -> Result<Option<Bytes>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data()
            && !data.is_empty()
        {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Reads a whole body of at most `limit` bytes; `None` when it is longer.
///
/// # Errors
/// Those of the body.
pub async fn read_bounded<B>(mut body: B, limit: usize) -> Result<Option<Vec<u8>>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit as u64 {
        return Ok(None);
    }
    let mut whole = Vec::new();
    while let Some(piece) = next_piece(&mut body).await? {
        if whole.len() + piece.len() > limit {
            return Ok(None);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(Some(whole))
}

#[cfg(test)]
mod tests;
