//! Bodies of responses to the guest.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::dial::Dial;

use super::upstream::{One, Upstream};

/// The body of a response.
pub(super) enum Answer<D: Dial> {
    /// Bytes of ours.
    Whole(Option<Bytes>),
    /// What the server sends.
    Streamed {
        /// The server's body.
        body: Incoming,
        /// The connection that can be used again after it.
        after: Option<(One, Rc<Upstream<D>>)>,
    },
}

impl<D: Dial> Answer<D> {
    /// Bytes of ours.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole((!bytes.is_empty()).then_some(bytes))
    }

    /// What the server sends.
    pub(super) fn streamed(body: Incoming, after: Option<(One, Rc<Upstream<D>>)>) -> Self {
        let mut answer = Self::Streamed { body, after };
        if answer.is_end_stream() {
            answer.finish();
        }
        answer
    }

    /// Gives the connection back.
    fn finish(&mut self) {
        if let Self::Streamed { after, .. } = self
            && let Some((one, upstream)) = after.take()
        {
            upstream.keep(one);
        }
    }
}

impl<D: Dial> Unpin for Answer<D> {}

impl<D: Dial> Body for Answer<D> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = match &mut *self {
            Self::Whole(bytes) => {
                return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))));
            }
            Self::Streamed { body, .. } => std::task::ready!(Pin::new(body).poll_frame(context)),
        };
        if frame.is_none() || self.is_end_stream() {
            self.finish();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Streamed { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Streamed { body, .. } => body.size_hint(),
        }
    }
}
