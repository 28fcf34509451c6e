//! Sends a blob in chunks: several PATCHes, then a closing PUT.
//!
//! Servers differ: some answer a chunk with 201, some state a stale `Range`, some have a smallest
//! or a largest chunk. A chunk with a successful answer counts as received; the client asks for the
//! server's own offset only when the server says that the offset is wrong.

use http::{Method, Uri, header};
use lazaret_oci::Descriptor;

use super::piece::piece;
use super::session::{Session, check_digest};
use super::setback::Setback;
use super::source::BlobSource;
use super::wishes::PushBlob;
use crate::Client;
use crate::call::{Call, Request};
use crate::transport::{Backoff, Payload, Response, is_transient, retry_after};

/// Smallest chunk in bytes; it is not halved further.
const SMALLEST: u64 = 256 * 1024;

impl Client {
    /// Sends the blob in chunks. `chunk` shrinks when the server refuses it as too large.
    pub(super) async fn put_chunks(
        &self,
        call: &Call<'_>,
        blob: &Descriptor,
        source: &dyn BlobSource,
        wishes: &PushBlob,
        mut session: Session,
        chunk: &mut u64,
    ) -> Result<(), Setback> {
        let mut offset = 0;
        let mut backoff = Backoff::new(self.inner.options.retry);
        while offset < blob.size {
            let length = (*chunk).max(session.least).min(blob.size - offset);
            let body = piece(call, source, wishes, offset, length).await?;
            let end = offset + length - 1;
            let request = session
                .request(Method::PATCH, session.location.clone())
                .with(header::CONTENT_RANGE, &format!("{offset}-{end}"));
            let setback = match self.once(call, &request, body).await {
                Ok(response) if matches!(response.status.as_u16(), 200..=204) => {
                    self.advance(call, &mut session, &response)?;
                    offset += length;
                    backoff.reset();
                    continue;
                }
                Ok(response) if response.status == 413 => {
                    if length / 2 < SMALLEST.max(session.least) {
                        return Err(Setback::OtherWay(self.refused(call, response).await));
                    }
                    *chunk = length / 2;
                    // Some servers forget the session when they refuse a chunk: start a new one.
                    return Err(Setback::Smaller(self.refused(call, response).await));
                }
                Ok(response) if is_transient(response.status) || response.status == 416 => {
                    let wish = retry_after(&response.headers);
                    Setback::Again(self.refused(call, response).await, wish)
                }
                Ok(response) if offset == 0 && no_chunks(&response) => {
                    return Err(Setback::OtherWay(self.refused(call, response).await));
                }
                Ok(response) => return Err(self.refusal(call, response).await),
                Err(attempt) => Self::setback(call, attempt),
            };
            let Setback::Again(error, wish) = setback else {
                return Err(setback);
            };
            let Some(wait) = backoff.after_failure(wish) else {
                return Err(Setback::Fatal(error));
            };
            tokio::time::sleep(wait).await;
            match self.status(call, &mut session).await? {
                Some(taken) if taken <= blob.size => offset = taken,
                _ => return Err(Setback::Again(error, None)),
            }
        }
        self.close(call, blob, &session).await
    }

    /// Moves the session to the location of a response.
    fn advance(
        &self,
        call: &Call<'_>,
        session: &mut Session,
        response: &Response,
    ) -> Result<(), Setback> {
        if let Some((location, reach)) = self.location(call, response).map_err(Setback::Fatal)? {
            session.location = location;
            session.reach = reach;
        }
        Ok(())
    }

    /// The number of bytes that the server has; `None` if it does not say.
    async fn status(&self, call: &Call<'_>, session: &mut Session) -> Result<Option<u64>, Setback> {
        let mut request = Request::get(session.location.clone());
        request.reach = session.reach;
        let Ok(response) = self.request(call, &request).await else {
            return Ok(None);
        };
        if !matches!(response.status.as_u16(), 200 | 202 | 204) {
            return Ok(None);
        }
        self.advance(call, session, &response)?;
        Ok(response.header(header::RANGE).and_then(taken))
    }

    async fn close(
        &self,
        call: &Call<'_>,
        blob: &Descriptor,
        session: &Session,
    ) -> Result<(), Setback> {
        let uri: Uri = session.closing(call, blob).map_err(Setback::Fatal)?;
        let request = session.request(Method::PUT, uri);
        let mut backoff = Backoff::new(self.inner.options.retry);
        loop {
            let setback = match self.once(call, &request, Payload::Empty).await {
                Ok(response) if matches!(response.status.as_u16(), 200..=204) => {
                    return check_digest(call, blob, &response).map_err(Setback::Fatal);
                }
                Ok(response) => self.refusal(call, response).await,
                Err(attempt) => Self::setback(call, attempt),
            };
            let Setback::Again(error, wish) = setback else {
                return Err(setback);
            };
            let Some(wait) = backoff.after_failure(wish) else {
                return Err(Setback::Fatal(error));
            };
            tokio::time::sleep(wait).await;
            // The answer may have been lost on the way: then the session is gone and the blob
            // exists.
            if self.closed(call, blob).await {
                return Ok(());
            }
        }
    }

    async fn closed(&self, call: &Call<'_>, blob: &Descriptor) -> bool {
        let Some(repository) = &call.repository else {
            return false;
        };
        let path = format!("/v2/{repository}/blobs/{}", blob.digest);
        let request = Request::new(Method::HEAD, self.url(call.registry, &path));
        let response = self.request(call, &request).await;
        response.is_ok_and(|response| response.status == 200)
    }
}

/// Whether the status is one of servers that accept no chunks at all.
fn no_chunks(response: &Response) -> bool {
    matches!(response.status.as_u16(), 400 | 404 | 405 | 411 | 415 | 501)
}

/// Parses the `0-<last>` of an upload's status. By convention, `0-0` means no bytes.
fn taken(range: &str) -> Option<u64> {
    let (start, last) = range.trim().trim_start_matches("bytes=").split_once('-')?;
    match (start.parse::<u64>().ok()?, last.parse::<u64>().ok()?) {
        (0, 0) => Some(0),
        (0, last) => last.checked_add(1),
        _ => None,
    }
}
