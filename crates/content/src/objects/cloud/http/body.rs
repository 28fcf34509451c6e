//! Response bodies, with error kinds that decide about retries.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use lazaret_net::{BodyError, TimedBody};
use object_store::client::{HttpError, HttpErrorKind};

/// A response body with the error type of object stores.
pub(super) struct StoreBody(pub(super) TimedBody);

impl Body for StoreBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let failed = |error| match error {
            BodyError::Broken(error) => HttpError::new(HttpErrorKind::Interrupted, error),
            BodyError::Silent(_) | BodyError::Slow(_) => {
                HttpError::new(HttpErrorKind::Timeout, error)
            }
        };
        let frame = Pin::new(&mut self.0).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(failed)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
