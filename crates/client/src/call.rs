//! One request to a registry: authentication, redirects and repetition around an exchange.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use lazaret_oci::{Reference, Registry, Repository};

use crate::auth::{Asked, Header, Scopes};
use crate::error::Answer;
use crate::transport::{
    Backoff, Failure, Origin, Outgoing, Payload, Reach, Response, is_transient, read_bounded,
    retry_after,
};
use crate::{Client, Error};

/// Largest error body that is read, in bytes.
const LARGEST_ERROR: usize = 256 * 1024;

/// What is to be done, and with whose credentials.
pub(crate) struct Call<'a> {
    pub(crate) registry: &'a Registry,
    /// In the registry's own spelling.
    pub(crate) repository: Option<Repository>,
    /// Goes on after "failed to".
    pub(crate) operation: String,
    pub(crate) scopes: Scopes,
    /// Whether it is made without credentials, whoever asks for them.
    pub(crate) is_anonymous: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn on(reference: &'a Reference, operation: String) -> Self {
        let repository = crate::client::api_name(&reference.registry, &reference.repository);
        Self {
            registry: &reference.registry,
            operation,
            scopes: Scopes::pull(&repository),
            repository: Some(repository),
            is_anonymous: false,
        }
    }

    pub(crate) fn at(registry: &'a Registry, operation: String) -> Self {
        Self {
            registry,
            repository: None,
            operation,
            scopes: Scopes::none(),
            is_anonymous: false,
        }
    }

    pub(crate) fn protocol(&self, reason: impl Into<String>) -> Error {
        Error::Protocol {
            registry: self.registry.to_string(),
            operation: self.operation.clone(),
            reason: reason.into(),
            hint: None,
        }
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            registry: self.registry,
            repository: self.repository.as_ref(),
            scopes: &self.scopes,
            operation: &self.operation,
        }
    }
}

/// A request that can be made several times.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
    pub(crate) reach: Reach,
}

impl Request {
    pub(crate) fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
            reach: Reach::Anywhere,
        }
    }

    pub(crate) fn get(uri: Uri) -> Self {
        Self::new(Method::GET, uri)
    }

    pub(crate) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.insert(name, value);
        }
        self
    }

    fn payload(&self) -> Payload {
        if self.body.is_empty() {
            Payload::Empty
        } else {
            Payload::Bytes(self.body.clone())
        }
    }
}

impl Client {
    /// Makes a request until it is answered for good: by success, by a refusal, or by a
    /// failure that outlasts the tries. Statuses are the caller's to judge.
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

    /// Makes a request once (twice, if it is challenged and the body can be made again).
    pub(crate) async fn once(
        &self,
        call: &Call<'_>,
        request: &Request,
        payload: Payload,
    ) -> Result<Response, Attempt> {
        let inner = &*self.inner;
        let asked = call.asked();
        let ours = !call.is_anonymous && self.is_ours(call.registry, &request.uri);
        let sent = if ours {
            inner
                .authenticator
                .known(&inner.transport, asked)
                .await
                .map_err(Attempt::Settled)?
        } else {
            None
        };
        let repeatable = !matches!(payload, Payload::Stream(_));
        let response = self.exchange(request, sent.as_ref(), payload).await?;
        // Only the registry itself can ask for the registry's credentials.
        if response.status != StatusCode::UNAUTHORIZED
            || !ours
            || !self.is_ours(call.registry, &response.uri)
        {
            return Ok(mark(response, sent.as_ref()));
        }
        let better = inner
            .authenticator
            .answer(&inner.transport, asked, &response, sent.as_ref())
            .await
            .map_err(Attempt::Settled)?;
        match better {
            Some(better) if repeatable => {
                let response = self
                    .exchange(request, Some(&better), request.payload())
                    .await?;
                Ok(mark(response, Some(&better)))
            }
            // The next try of a streamed body finds the new token.
            Some(_) => Err(Attempt::Again),
            None => Ok(mark(response, sent.as_ref())),
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        authorization: Option<&Header>,
        payload: Payload,
    ) -> Result<Response, Attempt> {
        self.inner
            .transport
            .follow(Outgoing {
                method: request.method.clone(),
                uri: request.uri.clone(),
                headers: request.headers.clone(),
                authorization: authorization.map(|header| header.value.clone()),
                payload,
                reach: request.reach,
            })
            .await
            .map_err(Attempt::Failed)
    }

    /// Whether a URL lies on the registry's own origin.
    pub(crate) fn is_ours(&self, registry: &Registry, uri: &Uri) -> bool {
        Origin::of(uri) == Origin::of(&self.url(registry, "/"))
    }

    /// Makes a request that must be answered with one of `expected`.
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

    /// Turns an unwelcome answer into an error with the server's own words.
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
                hint: None,
            };
        }
        refusal(host, call.operation.clone(), answer, sent, wait)
    }

    /// Reads what the server said.
    pub(crate) async fn answer(&self, response: Response) -> Answer {
        let status = response.status.as_u16();
        let sent = response.sent;
        let idle = self.inner.options.timeouts.idle;
        let body = read_bounded(response.body, LARGEST_ERROR, idle).await;
        let mut answer = Answer::parse(status, &body.ok().flatten().unwrap_or_default());
        // A server that echoes what it was sent must not bring it into logs.
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
        let host = response
            .uri
            .authority()
            .map_or("", |a| a.as_str())
            .to_owned();
        read_bounded(response.body, limit, self.inner.options.timeouts.idle)
            .await
            .map_err(|reason| Failure::network(&host, reason).into_error(&call.operation))?
            .ok_or_else(|| call.protocol(format!("gave more than {limit} bytes")))
    }

    /// Makes a request and reads its whole body; a body that breaks off is asked for again.
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

/// An answer whose body was read.
pub(crate) struct Head {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

fn mark(mut response: Response, sent: Option<&Header>) -> Response {
    response.proved = sent.is_some_and(|sent| sent.proves);
    response.sent = sent.map(|sent| sent.value.clone());
    response
}

/// A try that gave no answer.
pub(crate) enum Attempt {
    /// The exchange failed.
    Failed(Failure),
    /// There is an error already.
    Settled(Error),
    /// The same again will work: a token was renewed.
    Again,
}

impl Attempt {
    pub(crate) fn into_error(self, operation: &str) -> Error {
        match self {
            Self::Failed(failure) => failure.into_error(operation),
            Self::Settled(error) => error,
            Self::Again => Error::Local {
                operation: operation.to_owned(),
                source: std::io::Error::other("the body cannot be sent again"),
            },
        }
    }
}

/// The error for a status.
pub(crate) fn refusal(
    registry: String,
    operation: String,
    answer: Answer,
    credentials_sent: bool,
    retry_after: Option<Duration>,
) -> Error {
    let status = answer.status;
    let answer = Box::new(answer);
    match status {
        401 => Error::Unauthorized {
            registry,
            operation,
            answer,
            credentials_sent,
        },
        403 => Error::Denied {
            registry,
            operation,
            answer,
        },
        404 | 410 => Error::NotFound {
            registry,
            operation,
            answer,
        },
        409 | 412 => Error::Conflict {
            registry,
            operation,
            answer,
        },
        429 => Error::RateLimited {
            registry,
            operation,
            answer,
            retry_after,
        },
        500.. => Error::Server {
            registry,
            operation,
            answer,
        },
        _ => Error::Invalid {
            registry,
            operation,
            answer,
        },
    }
}
