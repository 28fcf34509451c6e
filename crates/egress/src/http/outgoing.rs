//! Bodies of requests to the server.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::inject::Scan;

/// Tells what was found in a body.
type Tell = Box<dyn Fn(String)>;

/// What the guest sends, as it is; placeholders in it are told.
pub(super) struct Outgoing {
    body: Incoming,
    scan: Option<(Scan, Tell)>,
}

impl Outgoing {
    /// A body, with what is looked for in it.
    pub(super) fn new(body: Incoming, scan: Option<(Scan, Tell)>) -> Self {
        Self { body, scan }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outgoing(..)")
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let (Some(Ok(frame)), Some((scan, tell))) = (&frame, &mut self.scan)
            && let Some(piece) = frame.data_ref()
        {
            for found in scan.see(piece) {
                tell(found);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
