//! Answers: documents, streams of bytes, and lines of JSON.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::activity::Busy;
use crate::fault::Fault;

/// Number of pieces of a stream that wait for the client.
const PIECES: usize = 4;

/// An answer to a request.
pub(crate) type Answer = Response<Body>;

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Body {
    content: Content,
    /// The request is under way until its body is gone.
    _busy: Option<Busy>,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Stream(mpsc::Receiver<io::Result<Bytes>>),
}

/// The end of a stream at which it is written.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing(mpsc::Sender<io::Result<Bytes>>);

/// A document.
pub(crate) fn document(status: StatusCode, value: &impl Serialize) -> Answer {
    let text = serde_json::to_vec(value).unwrap_or_default();
    let mut answer = whole(text.into(), "application/json");
    *answer.status_mut() = status;
    answer
}

/// A document of a request that succeeded.
pub(crate) fn done(value: &impl Serialize) -> Answer {
    document(StatusCode::OK, value)
}

/// The answer for a failure.
pub(crate) fn failed(fault: &Fault) -> Answer {
    let mut answer = document(fault.status, &fault.describe());
    let allow = fault.allow.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(allow)) = allow {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// An answer with a body of this type.
pub(crate) fn whole(bytes: Bytes, content_type: &'static str) -> Answer {
    of(Content::Whole(bytes), content_type)
}

/// An answer whose body comes bit by bit.
pub(crate) fn stream(content_type: &'static str) -> (Outgoing, Answer) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (
        Outgoing(sender),
        of(Content::Stream(receiver), content_type),
    )
}

/// The two ends of a stream that is no body.
pub(crate) fn pipe() -> (Outgoing, mpsc::Receiver<io::Result<Bytes>>) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (Outgoing(sender), receiver)
}

fn of(content: Content, content_type: &'static str) -> Answer {
    let mut answer = Response::new(Body {
        content,
        _busy: None,
    });
    let content_type = HeaderValue::from_static(content_type);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    answer
}

impl Body {
    /// Without content.
    pub(crate) fn empty() -> Self {
        Self {
            content: Content::Whole(Bytes::new()),
            _busy: None,
        }
    }

    /// Counts the request until the body is gone.
    pub(crate) fn keep(&mut self, busy: Busy) {
        self._busy = Some(busy);
    }
}

impl Outgoing {
    /// Sends a piece when there is room for it; returns whether the client still takes it.
    pub(crate) async fn send(&self, bytes: impl Into<Bytes>) -> bool {
        self.0.send(Ok(bytes.into())).await.is_ok()
    }

    /// Sends a line of JSON.
    pub(crate) async fn line(&self, value: &impl Serialize) -> bool {
        self.send(line(value)).await
    }

    /// Sends a line of JSON if there is room for it now.
    pub(crate) fn offer(&self, value: &impl Serialize) {
        let _full_or_gone = self.0.try_send(Ok(line(value).into()));
    }

    /// Sends a piece from work that blocks.
    pub(crate) fn send_blocking(&self, bytes: Vec<u8>) -> bool {
        self.0.blocking_send(Ok(bytes.into())).is_ok()
    }

    /// Breaks the stream off: the client sees that it is not whole.
    pub(crate) async fn fail(&self) {
        let _gone = self
            .0
            .send(Err(io::ErrorKind::ConnectionAborted.into()))
            .await;
    }

    /// Resolves when the client has gone.
    pub(crate) async fn gone(&self) {
        self.0.closed().await;
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut self.content {
            Content::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Stream(receiver) => receiver
                .poll_recv(cx)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.content, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(_) => SizeHint::default(),
        }
    }
}
