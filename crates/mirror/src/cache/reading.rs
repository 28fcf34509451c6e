//! Streams a blob that is still being fetched to one client.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use lazaret_files::blocking;
use tokio::sync::watch;

use super::fills::Fills;
use super::origin::Origin;
use super::partial::{Partial, Verdict};
use crate::Error;

/// Bytes at the end of a blob that are sent only when its digest is right.
pub(crate) const HELD_BACK: u64 = 64 * 1024;
/// Longest time without a byte from the upstream.
const SILENCE: Duration = Duration::from_secs(120);

/// A reading of one client.
pub(crate) struct Reading {
    pub(crate) fills: Arc<Fills>,
    pub(crate) partial: Arc<Partial>,
    pub(crate) origin: Arc<dyn Origin>,
    pub(crate) range: Range<u64>,
    /// Whether the whole is being fetched, so that its end can wait for the verdict.
    pub(crate) is_filling: bool,
    /// Most bytes that are fetched ahead of the client.
    pub(crate) ahead: u64,
    /// The life of the blob from which bytes were sent, if any were.
    pub(crate) life: Option<u64>,
}

impl Reading {
    /// The bytes, in order. The stream fails, and the client sees a body that is cut, when the
    /// upstream does or its content is wrong.
    pub(crate) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let changes = self.partial.changes();
        stream::try_unfold((self, changes), |(mut reading, mut changes)| async move {
            let piece = reading.next(&mut changes).await?;
            Ok(piece.map(|piece| (piece, (reading, changes))))
        })
    }

    /// Waits until the first bytes can be sent, or everything when the blob is small.
    ///
    /// # Errors
    /// Those of the fetch.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        let mut changes = self.partial.changes();
        loop {
            match self.partial.verdict() {
                Verdict::Good => return Ok(()),
                Verdict::Failed(error) => return Err(error),
                Verdict::Open if self.readable() > self.range.start || self.range.is_empty() => {
                    return Ok(());
                }
                Verdict::Open => self.demand(),
            }
            if changes.changed().await.is_err() {
                return Err(Error::Stopped);
            }
        }
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self, changes: &mut watch::Receiver<u64>) -> io::Result<Option<Bytes>> {
        loop {
            if self.range.is_empty() {
                return Ok(None);
            }
            changes.borrow_and_update();
            let life = self.partial.life();
            let readable = self.readable().min(self.range.end);
            if readable > self.range.start {
                let (partial, part) = (Arc::clone(&self.partial), self.range.start..readable);
                let piece = blocking(move || partial.read(part).map_err(Broken)).await?;
                // What was wrong and has come anew does not go on behind what was sent.
                if self.partial.life() != life {
                    continue;
                }
                if *self.life.get_or_insert(life) != life {
                    return Err(io::Error::other("what was sent before was wrong"));
                }
                self.range.start += piece.len() as u64;
                return Ok(Some(piece));
            }
            if let Verdict::Failed(error) = self.partial.verdict() {
                return Err(io::Error::other(error.to_string()));
            }
            self.demand();
            match tokio::time::timeout(SILENCE, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(io::Error::other("the fetch ended")),
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// End of the bytes that may be sent now.
    fn readable(&self) -> u64 {
        let end = self.partial.end_of(self.range.start).unwrap_or(0);
        match self.partial.verdict() {
            Verdict::Good => end,
            _ if self.is_filling => end.min(self.partial.size.saturating_sub(HELD_BACK)),
            _ => end,
        }
    }

    /// Has the next bytes fetched, unless they are coming.
    fn demand(&self) {
        if self.is_filling {
            // One that failed may be going on for somebody else.
            self.fills.fill(&self.partial, &self.origin);
        } else if self.partial.end_of(self.range.start).is_none() {
            let start = self.range.start;
            let end = self.range.end.min(start.saturating_add(self.ahead));
            self.fills.demand(&self.partial, &self.origin, start..end);
        }
    }
}

/// A failure of reading, with the conversions that [`blocking`] wants.
struct Broken(io::Error);

impl From<lazaret_files::Stopped> for Broken {
    fn from(stopped: lazaret_files::Stopped) -> Self {
        Self(io::Error::other(stopped))
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        broken.0
    }
}
