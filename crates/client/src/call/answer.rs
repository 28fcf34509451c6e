//! Reads bodies of answers: the requested content, or an error message.

use super::subject::Call;
use crate::error::{Answer, Cause};
use crate::transport::{Response, retry_after};
use crate::{Client, Error};

/// Largest error body that is read, in bytes.
const LARGEST_ERROR: usize = 256 * 1024;

impl Client {
    /// Turns an unwelcome answer into an error with the server's own message.
    pub(crate) async fn refused(&self, call: &Call<'_>, response: Response) -> Error {
        let sent = response.proved;
        let wait = retry_after(&response.headers);
        let host = if self.is_ours(call.registry, &response.uri) {
            call.registry.to_string()
        } else {
            response
                .uri
                .authority()
                .map_or("", |a| a.as_str())
                .to_owned()
        };
        let status = response.status.as_u16();
        let answer = self.answer(response).await;
        if (200..400).contains(&status) {
            return Error::Protocol {
                registry: host,
                operation: call.operation.clone(),
                reason: format!("gave an unexpected answer: {answer}"),
                cause: Cause::Other,
            };
        }
        Error::refused(host, call.operation.clone(), answer, sent, wait)
    }

    /// Reads the error message of a server.
    pub(crate) async fn answer(&self, response: Response) -> Answer {
        let status = response.status.as_u16();
        let sent = response.sent.clone();
        let body = response.read(LARGEST_ERROR).await;
        let mut answer = Answer::parse(status, &body.ok().flatten().unwrap_or_default());
        // A server that echoes the request must not bring the credential into logs.
        let sent = sent.as_ref().and_then(|value| value.to_str().ok());
        if let Some((_, secret)) = sent.and_then(|value| value.split_once(' ')) {
            answer.redact(secret);
        }
        answer
    }

    /// Reads a whole body of at most `limit` bytes.
    pub(crate) async fn body(
        &self,
        call: &Call<'_>,
        response: Response,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        response
            .read(limit)
            .await
            .map_err(|failure| failure.into_error(&call.operation))?
            .ok_or_else(|| call.protocol(format!("gave more than {limit} bytes")))
    }
}
