//! A part of a blob, read with one request and without verification.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::header;
use http_body::Body as _;
use lazaret_net::TimedBody;
use lazaret_oci::{Descriptor, Reference};
use lazaret_values::Printable;

use super::range::content_range;
use crate::call::{Call, Request};
use crate::error::Cause;
use crate::transport::{Response, describe};
use crate::{Client, Error};

/// A part of a blob. Nothing is verified but its length: the stream ends without an error only
/// after all bytes of the part.
///
/// It is not resumed. After an error, the caller may ask for the bytes that are missing.
pub struct BlobPart {
    /// The host that sends it, for errors.
    host: String,
    operation: String,
    body: Option<TimedBody>,
    /// Number of bytes before the part that still come, from a server without ranges.
    skip: u64,
    /// Number of bytes of the part that still come.
    missing: u64,
    /// Whether the answer has nothing after the part.
    is_exact: bool,
}

impl Client {
    /// Requests `range` of a blob of the repository of `reference`, which is a part of it.
    pub(crate) async fn pull_part(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        range: Range<u64>,
    ) -> Result<BlobPart, Error> {
        let (start, last) = (range.start, range.end - 1);
        let operation = format!(
            "read bytes {start}-{last} of blob {} of {}",
            blob.digest,
            reference.base()
        );
        let call = Call::on(reference, operation);
        let uri = self.url_in(reference, &format!("blobs/{}", blob.digest));
        let mut request = Request::get(uri);
        if range != (0..blob.size) {
            request = request.with(header::RANGE, &format!("bytes={start}-{last}"));
        }
        let response = self.expect(&call, &request, &[200, 206]).await?;
        let is_exact = response.status == 206;
        let length = range.end - start;
        check(&call, &response, blob, &range)?;
        Ok(BlobPart {
            host: response
                .uri
                .authority()
                .map_or("", |a| a.as_str())
                .to_owned(),
            operation: call.operation,
            body: Some(response.body),
            skip: if is_exact { 0 } else { start },
            missing: length,
            is_exact,
        })
    }
}

/// Checks what an answer announces, before its content comes.
fn check(
    call: &Call<'_>,
    response: &Response,
    blob: &Descriptor,
    range: &Range<u64>,
) -> Result<(), Error> {
    let announced = response.body.size_hint().exact();
    let expected = if response.status == 206 {
        let given = response.header(header::CONTENT_RANGE).unwrap_or_default();
        let is_ours = content_range(given).is_some_and(|(start, last, total)| {
            start == range.start
                && last == range.end - 1
                && total.is_none_or(|total| total == blob.size)
        });
        if !is_ours {
            let given = Printable::excerpt(given);
            return Err(call.protocol(format!("answered with another part: '{given}'")));
        }
        range.end - range.start
    } else {
        blob.size
    };
    match announced {
        Some(bytes) if bytes != expected => Err(Error::Integrity {
            registry: call.registry.to_string(),
            operation: call.operation.clone(),
            expected: Box::new(blob.digest.clone()),
            expected_bytes: Some(expected),
            actual: format!("an announcement of {bytes} bytes"),
            bytes: 0,
        }),
        _ => Ok(()),
    }
}

impl BlobPart {
    /// Number of bytes that still come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.missing
    }

    /// The wanted bytes of a piece, if any.
    fn take(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let length = piece.len() as u64;
        if self.skip >= length {
            self.skip -= length;
            return None;
        }
        // Both are less than the length of a piece, which is a usize.
        piece = piece.split_off(usize::try_from(self.skip).unwrap_or(0));
        self.skip = 0;
        let wanted = usize::try_from(self.missing).unwrap_or(usize::MAX);
        piece.truncate(wanted);
        self.missing -= piece.len() as u64;
        Some(piece)
    }

    fn broken(&mut self, reason: String) -> Error {
        self.body = None;
        Error::Unreachable {
            registry: self.host.clone(),
            operation: self.operation.clone(),
            reason,
            cause: Cause::Other,
        }
    }

    fn excess(&mut self) -> Error {
        self.body = None;
        Error::Protocol {
            registry: self.host.clone(),
            operation: self.operation.clone(),
            reason: "sent more than the part".to_owned(),
            cause: Cause::Other,
        }
    }
}

impl Stream for BlobPart {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            if this.missing == 0 && !this.is_exact {
                // The rest of the blob is not wanted; the connection ends with the body.
                this.body = None;
                continue;
            }
            let piece = match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                None if this.missing == 0 => {
                    this.body = None;
                    continue;
                }
                None => {
                    let reason = format!("it ended {} bytes early", this.missing);
                    return Poll::Ready(Some(Err(this.broken(reason))));
                }
                Some(Err(error)) => {
                    let reason = describe(&error);
                    return Poll::Ready(Some(Err(this.broken(reason))));
                }
            };
            if this.is_exact && piece.len() as u64 > this.missing {
                return Poll::Ready(Some(Err(this.excess())));
            }
            if let Some(piece) = this.take(piece).filter(|piece| !piece.is_empty()) {
                return Poll::Ready(Some(Ok(piece)));
            }
        }
    }
}

impl std::fmt::Debug for BlobPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobPart")
            .field("remaining", &self.missing)
            .finish_non_exhaustive()
    }
}
