//! Reads request bodies: streamed into uploads, or whole when they are small. A client that stops
//! sending is given up.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use lazaret_oci::wire::ErrorCode;
use prometheus_client::metrics::counter::Counter;

use super::{Pace, Refusal};

/// Largest number of bytes that are read of a refused body.
const DISCARD_BYTES: usize = 16 * 1024 * 1024;
/// Longest time for which a refused body is read.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The body of a request.
#[derive(Debug)]
pub(crate) struct RequestBody {
    body: Option<Incoming>,
    pace: Pace,
    /// Counts the bytes of all bodies.
    received: Counter,
    /// Time spent waiting for bytes in this window.
    waited: Duration,
    /// Number of bytes that arrived in this window.
    came: u64,
}

impl RequestBody {
    /// A body that must arrive at the given pace. `received` counts its bytes.
    pub(crate) fn new(body: Incoming, pace: Pace, received: Counter) -> Self {
        Self {
            body: Some(body),
            pace,
            received,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// Takes the body out, for a task that outlives the request.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            body: self.body.take(),
            pace: self.pace,
            received: self.received.clone(),
            waited: self.waited,
            came: self.came,
        }
    }

    /// Whether the whole body was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    /// Number of bytes that are still to come, if the client said it.
    pub(crate) fn announced(&self) -> Option<u64> {
        let hint = self.body.as_ref().map(Incoming::size_hint);
        hint.map_or(Some(0), |hint| hint.exact())
    }

    /// Reads the next bytes; `None` at the end.
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
                    self.received.inc_by(data.len() as u64);
                    self.waited += start.elapsed();
                    self.came += data.len() as u64;
                    if self.waited >= self.pace.window {
                        if self.came < self.pace.least() {
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

    /// Reads the whole body, of at most `limit` bytes.
    pub(crate) async fn read(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        let too_large = || {
            Refusal::new(
                ErrorCode::ManifestInvalid,
                format!("the manifest is larger than {limit} bytes"),
            )
            .status(StatusCode::PAYLOAD_TOO_LARGE)
        };
        if self.announced().is_some_and(|size| size > limit as u64) {
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

    /// Reads the rest of a refused body, within limits: a client that is still sending when the
    /// connection closes may never see the response. A client that waits for `100 Continue` has not
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
        // A timeout needs no action: the connection is closed before the client has sent
        // everything.
        let _ = tokio::time::timeout(DISCARD_TIME, read).await;
    }
}
