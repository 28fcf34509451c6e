//! Observes the activity of a connection: whether it has requests, and whether its peer takes the
//! responses. An HTTP/2 peer can leave a stream open without ever taking a byte, and only the lack
//! of progress shows it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::message::answer::Body;

/// The counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Number of requests whose response is not yet sent.
    requests: AtomicUsize,
    /// Number of responses that wait for the peer.
    waiting: AtomicUsize,
    /// Number of bytes that the peer has taken; wraps.
    taken: AtomicUsize,
    /// Number of requests that arrived; wraps.
    begun: AtomicUsize,
}

/// The reason that a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// There was no request for too long.
    Idle,
    /// The peer takes nothing of its responses.
    Stalled,
}

impl Activity {
    /// Counts bytes that the peer has taken.
    pub(crate) fn took(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a new request.
    pub(crate) fn begin(self: &Arc<Self>) -> Request {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Request {
            activity: Arc::clone(self),
        }
    }

    /// Resolves when there was no activity for too long.
    pub(crate) async fn watch(&self, idle: Duration, stall: Duration) -> GivenUp {
        let pause = (idle.min(stall) / 4).max(Duration::from_millis(50));
        let (mut used, mut moved) = (Instant::now(), Instant::now());
        let (mut begun, mut taken) = (0, 0);
        loop {
            tokio::time::sleep(pause).await;
            let now = Instant::now();
            let requests = self.requests.load(Ordering::Relaxed);
            let bytes = self.taken.load(Ordering::Relaxed);
            // The last bytes of a response may still be on their way when its request is over.
            if requests > 0 || begun != self.begun.load(Ordering::Relaxed) || taken != bytes {
                begun = self.begun.load(Ordering::Relaxed);
                used = now;
            }
            if self.waiting.load(Ordering::Relaxed) == 0 || taken != bytes {
                taken = bytes;
                moved = now;
            }
            if now - used >= idle {
                return GivenUp::Idle;
            }
            if now - moved >= stall {
                return GivenUp::Stalled;
            }
        }
    }
}

/// A request under way, which ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Request {
    activity: Arc<Activity>,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.activity.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of a response, which tells whether it waits for the peer or for the store.
pub(crate) struct Observed {
    body: Body,
    request: Request,
    is_waiting: bool,
}

impl Observed {
    pub(crate) fn new(body: Body, request: Request) -> Self {
        Self {
            body,
            request,
            is_waiting: false,
        }
    }

    fn waits_for_peer(&mut self, is_waiting: bool) {
        let waiting = &self.request.activity.waiting;
        match (self.is_waiting, is_waiting) {
            (false, true) => _ = waiting.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = waiting.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        self.is_waiting = is_waiting;
    }
}

impl http_body::Body for Observed {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // After the last frame, the peer still has to take it before the body is dropped.
        self.waits_for_peer(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.waits_for_peer(false);
    }
}
