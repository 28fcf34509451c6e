//! Speaks with token servers: repeats requests, reads answers, and hides secrets in refusals.

use std::time::Duration;

use http::StatusCode;

use crate::Error;
use crate::error::{Answer, Cause};
use crate::options::Retry;
use crate::transport::{
    Backoff, Failure, Outgoing, Response, Transport, is_transient, retry_after,
};

/// Largest answer of a token server, in bytes.
const LARGEST: usize = 1024 * 1024;

/// A request to a token server, for its errors.
pub(super) struct Subject<'a> {
    /// The token server.
    pub(super) host: &'a str,
    /// The operation for which it is asked.
    pub(super) operation: &'a str,
    /// What is done there, as it follows the operation.
    pub(super) step: &'a str,
    /// The secrets in the request, which no message may contain.
    pub(super) secrets: &'a [String],
}

/// Makes a request until there is a final answer: success, a refusal, or a failure after the last
/// try.
pub(super) async fn settle(
    transport: &Transport,
    retry: Retry,
    operation: &str,
    make: impl Fn() -> Result<Outgoing, Failure>,
) -> Result<Response, Error> {
    let mut backoff = Backoff::new(retry);
    loop {
        let outgoing = make().map_err(|failure| failure.into_error(operation))?;
        let (wish, last) = match transport.follow(outgoing).await {
            Ok(response) if is_transient(response.status) => {
                (retry_after(&response.headers), Ok(response))
            }
            Err(failure) if failure.is_transient() => (None, Err(failure.into_error(operation))),
            Ok(response) => return Ok(response),
            Err(failure) => return Err(failure.into_error(operation)),
        };
        match backoff.after_failure(wish) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return last,
        }
    }
}

impl Subject<'_> {
    /// The body of a good answer (200).
    pub(super) async fn body(&self, response: Response) -> Result<Vec<u8>, Error> {
        let status = response.status;
        let wait = retry_after(&response.headers);
        let body = response
            .read(LARGEST)
            .await
            .map_err(|failure| failure.into_error(self.operation))?
            .ok_or_else(|| self.protocol("gave a token answer that is too large"))?;
        if status == StatusCode::OK {
            return Ok(body);
        }
        let mut answer = Answer::parse(status.as_u16(), &body);
        for secret in self.secrets {
            answer.redact(secret);
        }
        Err(self.refusal(answer, wait))
    }

    /// The error for a token server that breaks the protocol; `reason` follows its name.
    pub(super) fn protocol(&self, reason: &str) -> Error {
        Error::Protocol {
            registry: self.host.to_owned(),
            operation: self.operation.to_owned(),
            reason: reason.to_owned(),
            cause: Cause::Other,
        }
    }

    /// Converts a refusal. Token servers answer 400, 401 or 403 to bad credentials.
    fn refusal(&self, answer: Answer, wait: Option<Duration>) -> Error {
        let registry = self.host.to_owned();
        let operation = format!("{}: {}", self.operation, self.step);
        let credentials_sent = !self.secrets.is_empty();
        match answer.status {
            400 | 401 | 403 => Error::Unauthorized {
                registry,
                operation,
                answer: Box::new(answer),
                credentials_sent,
            },
            _ => Error::refused(registry, operation, answer, credentials_sent, wait),
        }
    }
}
