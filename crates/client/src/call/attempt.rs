//! One attempt at a request: with credentials, and once more when the server asks for others.

use http::StatusCode;

use super::request::Request;
use super::subject::Call;
use crate::auth::Header;
use crate::transport::{Failure, Outgoing, Payload, Response};
use crate::{Client, Error};

/// The outcome of an attempt that gave no answer.
pub(crate) enum Attempt {
    /// The exchange failed.
    Failed(Failure),
    /// A final error.
    Settled(Error),
    /// The same request will succeed now: a token was renewed.
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

impl Client {
    /// Makes a request once (twice, if it is challenged and the body can be sent again).
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
        // Only the registry itself may ask for the registry's credentials.
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
            // A streamed body cannot be sent again here; the next attempt uses the new token.
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
        let outgoing = Outgoing {
            method: request.method.clone(),
            uri: request.uri.clone(),
            headers: request.headers.clone(),
            authorization: authorization.map(|header| header.value.clone()),
            payload,
            reach: request.reach,
        };
        let transport = &self.inner.transport;
        let answer = match request.sees_other {
            true => transport.follow(outgoing).await,
            false => transport.follow_same(outgoing).await,
        };
        answer.map_err(Attempt::Failed)
    }
}

fn mark(mut response: Response, sent: Option<&Header>) -> Response {
    response.proved = sent.is_some_and(|sent| sent.proves);
    response.sent = sent.map(|sent| sent.value.clone());
    response
}
