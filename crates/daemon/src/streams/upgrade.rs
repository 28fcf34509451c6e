//! Makes a request a stream of frames: in both directions with `Upgrade: lazaret-stream`, otherwise
//! from the daemon only, as the body of the answer.

use std::io::{self, Cursor};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming as Content;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, Chain};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::answer::{Answer, Body, Outgoing, pipe, stream};

/// The type of a body of frames.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.lazaret.stream";
/// The protocol of frames in both directions.
const PROTOCOL: &str = "lazaret-stream";

/// Interval at which a client that is not read is asked for.
const LOOK: Duration = Duration::from_millis(500);

/// What comes from a client that has upgraded: what was read with its request, then the rest.
pub(crate) struct Incoming(Chain<Cursor<Bytes>, OwnedReadHalf>);

/// Both directions of a stream that is to begin.
pub(crate) enum Wire {
    /// To the client only.
    Body(Outgoing),
    /// In both directions, as soon as the answer is sent.
    Upgrade(OnUpgrade),
}

/// Begins a stream: gives its ends, and the answer by which it begins.
pub(crate) fn open(head: Parts, body: Content) -> (Wire, Answer) {
    if !asks(&head.headers) {
        let (outgoing, answer) = stream(CONTENT_TYPE);
        return (Wire::Body(outgoing), answer);
    }
    let upgrading = hyper::upgrade::on(Request::from_parts(head, body));
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(PROTOCOL));
    (Wire::Upgrade(upgrading), answer)
}

impl Wire {
    /// The two ends; `None` when the client has gone before the stream began.
    pub(crate) async fn begin(self) -> Option<(Outgoing, Option<Incoming>)> {
        let upgrading = match self {
            Self::Body(outgoing) => return Some((outgoing, None)),
            Self::Upgrade(upgrading) => upgrading,
        };
        let upgraded = upgrading.await.ok()?;
        let parts = upgraded.downcast::<TokioIo<UnixStream>>().ok()?;
        let (reading, writing) = parts.io.into_inner().into_split();
        let (outgoing, pieces) = pipe();
        tokio::spawn(write(pieces, writing));
        let incoming = Incoming(Cursor::new(parts.read_buf).chain(reading));
        Some((outgoing, Some(incoming)))
    }
}

impl Incoming {
    /// The bytes.
    pub(super) fn bytes(&mut self) -> &mut (impl AsyncRead + Unpin) {
        &mut self.0
    }

    /// Resolves when the client has hung up, although it may have sent what was not read yet.
    pub(super) async fn hung_up(&self) {
        let (_, reading) = self.0.get_ref();
        let stream: &UnixStream = reading.as_ref();
        while !has_hung_up(stream) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn has_hung_up(stream: &UnixStream) -> bool {
    let mut asked = [PollFd::new(stream, PollFlags::RDHUP)];
    match poll(&mut asked, Some(&Timespec::default())) {
        Ok(0) => false,
        Ok(_) => true,
        Err(error) => error != Errno::INTR,
    }
}

/// Writes the pieces until the stream ends or the client goes.
async fn write(mut pieces: mpsc::Receiver<io::Result<Bytes>>, mut to: OwnedWriteHalf) {
    while let Some(Ok(piece)) = pieces.recv().await {
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
    let _gone = to.shutdown().await;
}

fn asks(headers: &HeaderMap) -> bool {
    let has = |name, wanted: &str| {
        let mut values = headers.get_all(name).iter();
        values.any(|value: &HeaderValue| {
            let mut words = value.to_str().unwrap_or_default().split(',');
            words.any(|word| word.trim().eq_ignore_ascii_case(wanted))
        })
    };
    has(header::CONNECTION, "upgrade") && has(header::UPGRADE, PROTOCOL)
}
