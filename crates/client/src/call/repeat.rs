//! Repeats a request until there is a final answer.

use http::{HeaderMap, Uri};

use super::attempt::Attempt;
use super::request::Request;
use super::subject::Call;
use crate::transport::{Backoff, Response, is_transient, retry_after};
use crate::{Client, Error};

/// An answer whose body was read.
pub(crate) struct Head {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Client {
    /// Makes a request until there is a final answer: success, a refusal, or a
    /// failure after the last try. The caller judges the status.
    pub(crate) async fn request(
        &self,
        call: &Call<'_>,
        request: &Request,
    ) -> Result<Response, Error> {
        let mut backoff = Backoff::new(self.inner.options.retry);
        loop {
            let payload = request.payload();
            let (wish, last) = match self.once(call, request, payload).await {
                Ok(response) if is_transient(response.status) => {
                    (retry_after(&response.headers), Ok(response))
                }
                Err(Attempt::Failed(failure)) if failure.is_transient() => {
                    (None, Err(failure.into_error(&call.operation)))
                }
                Ok(response) => return Ok(response),
                Err(attempt) => return Err(attempt.into_error(&call.operation)),
            };
            match backoff.after_failure(wish) {
                Some(wait) => {
                    tracing::debug!(operation = call.operation, ?wait, "trying again");
                    tokio::time::sleep(wait).await;
                }
                None => return last,
            }
        }
    }

    /// Makes a request; any status but those in `expected` is an error.
    pub(crate) async fn expect(
        &self,
        call: &Call<'_>,
        request: &Request,
        expected: &[u16],
    ) -> Result<Response, Error> {
        let response = self.request(call, request).await?;
        if expected.contains(&response.status.as_u16()) {
            Ok(response)
        } else {
            Err(self.refused(call, response).await)
        }
    }

    /// Makes a request and reads its whole body; if the body breaks off, the request is repeated.
    pub(crate) async fn fetch(
        &self,
        call: &Call<'_>,
        request: &Request,
        limit: usize,
    ) -> Result<(Head, Vec<u8>), Error> {
        let mut backoff = Backoff::new(self.inner.options.retry);
        loop {
            let response = self.expect(call, request, &[200]).await?;
            let head = Head {
                uri: response.uri.clone(),
                headers: response.headers.clone(),
            };
            match self.body(call, response, limit).await {
                Ok(body) => return Ok((head, body)),
                Err(error @ Error::Unreachable { .. }) => match backoff.after_failure(None) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
    }
}
