//! Bodies of requests, streamed in small pieces. Those of responses are in `lazaret_net`.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

/// Number of bytes that are read from a source at a time.
const PIECE: usize = 64 * 1024;

/// The body of a request.
pub(crate) enum Payload {
    /// Nothing (with `Content-Length: 0` where the method has a body).
    Empty,
    /// A small body.
    Bytes(Bytes),
    /// A stream of a known length.
    Stream(Upload),
}

/// The shared state of a body that is being sent: bytes sent so far, and the error of its source.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) bytes: AtomicU64,
    pub(crate) failure: Mutex<Option<io::Error>>,
}

/// A body of exactly `remaining` bytes from a reader.
pub(crate) struct Upload {
    reader: Box<dyn AsyncRead + Send + Unpin>,
    remaining: u64,
    buffer: BytesMut,
    pub(crate) sent: Arc<Sent>,
    advanced: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

impl Upload {
    pub(crate) fn new(
        reader: Box<dyn AsyncRead + Send + Unpin>,
        length: u64,
        advanced: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    ) -> Self {
        Self {
            reader,
            remaining: length,
            buffer: BytesMut::new(),
            sent: Arc::default(),
            advanced,
        }
    }

    fn fail(&self, error: io::Error) -> io::Error {
        let copy = io::Error::new(error.kind(), "the source of the body failed");
        *self
            .sent
            .failure
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
        copy
    }
}

impl Payload {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(upload) => upload.remaining,
        }
    }

    pub(super) fn sent(&self) -> Arc<Sent> {
        match self {
            Self::Stream(upload) => Arc::clone(&upload.sent),
            _ => Arc::default(),
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(upload) => upload.poll_piece(cx),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }

    fn is_end_stream(&self) -> bool {
        self.length() == 0
    }
}

impl Upload {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let want = usize::try_from(self.remaining).unwrap_or(PIECE).min(PIECE);
        self.buffer.resize(want, 0);
        let mut view = ReadBuf::new(&mut self.buffer[..want]);
        let result = ready!(Pin::new(&mut self.reader).poll_read(cx, &mut view));
        let got = view.filled().len();
        if let Err(error) = result {
            return Poll::Ready(Some(Err(self.fail(error))));
        }
        if got == 0 {
            let error = io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the source ended {} bytes early", self.remaining),
            );
            return Poll::Ready(Some(Err(self.fail(error))));
        }
        let piece = self.buffer.split_to(got).freeze();
        self.remaining -= got as u64;
        self.sent.bytes.fetch_add(got as u64, Ordering::Relaxed);
        if let Some(advanced) = &self.advanced {
            advanced(got as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
