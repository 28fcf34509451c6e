//! Request bodies: streamed into uploads, or small and read whole. A client that stops sending
//! is given up on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use lazaret_oci::wire::ErrorCode;

use crate::message::answer::Refusal;
use crate::telemetry::Metrics;

/// How much of a refused body is read.
const DISCARD_BYTES: usize = 16 * 1024 * 1024;
/// And for how long.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// How slow a client may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Longest silence in the middle of a body.
    pub(crate) silence: Duration,
    /// Bytes a second, on average over `window`; 0 for any.
    pub(crate) rate: u64,
    /// Time spent waiting for bytes, after which `rate` is looked at.
    pub(crate) window: Duration,
}

impl Pace {
    /// Whether so many bytes in a window are too few.
    fn is_too_slow(&self, bytes: u64) -> bool {
        let milliseconds = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        bytes < self.rate.saturating_mul(milliseconds) / 1000
    }
}

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Content {
    body: Option<Incoming>,
    pace: Pace,
    metrics: Arc<Metrics>,
    /// Time waited for bytes in this window.
    waited: Duration,
    /// Bytes that came in this window.
    came: u64,
}

impl Content {
    pub(crate) fn new(body: Incoming, pace: Pace, metrics: Arc<Metrics>) -> Self {
        Self {
            body: Some(body),
            pace,
            metrics,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// The body, for a task that outlives the request; nothing is left here.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            body: self.body.take(),
            pace: self.pace,
            metrics: Arc::clone(&self.metrics),
            waited: self.waited,
            came: self.came,
        }
    }

    /// Whether nothing is left to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let slow = |message| {
            Refusal::new(ErrorCode::SizeInvalid, message).status(StatusCode::REQUEST_TIMEOUT)
        };
        let Some(body) = &mut self.body else {
            return Ok(None);
        };
        loop {
            let start = Instant::now();
            let frame = tokio::time::timeout(self.pace.silence, body.frame())
                .await
                .map_err(|_| slow("the body stopped coming"))?;
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    self.metrics.received(data.len() as u64);
                    self.waited += start.elapsed();
                    self.came += data.len() as u64;
                    if self.waited >= self.pace.window {
                        if self.pace.is_too_slow(self.came) {
                            return Err(slow("the body comes too slowly"));
                        }
                        (self.waited, self.came) = (Duration::ZERO, 0);
                    }
                    return Ok(Some(data));
                }
                Some(Err(error)) => {
                    return Err(Refusal::new(
                        ErrorCode::SizeInvalid,
                        format!("the body ended early: {error}"),
                    ));
                }
            }
        }
    }

    /// All of it, at most `limit` bytes.
    pub(crate) async fn read(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        let too_large = || {
            Refusal::new(
                ErrorCode::ManifestInvalid,
                format!("the manifest is larger than {limit} bytes"),
            )
            .status(StatusCode::PAYLOAD_TOO_LARGE)
        };
        let announced = self
            .body
            .as_ref()
            .map_or(0, |body| body.size_hint().lower());
        if announced > limit as u64 {
            return Err(too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > limit {
                return Err(too_large());
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }

    /// Reads what is left of a refused body, within reason: a client that is still sending when
    /// the connection closes may never see the answer. One that waits for `100 Continue` has not
    /// begun to send.
    pub(crate) async fn discard(&mut self, headers: &HeaderMap) {
        if headers.contains_key(header::EXPECT) || self.is_empty() {
            return;
        }
        let Some(body) = &mut self.body else {
            return;
        };
        let read = async {
            let mut left = DISCARD_BYTES;
            while let Some(Ok(frame)) = body.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        };
        // When time is up, the connection is closed early: the client's own doing.
        let _ = tokio::time::timeout(DISCARD_TIME, read).await;
    }
}
