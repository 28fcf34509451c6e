//! Follows redirects: only of GET and HEAD, a few at most, never from TLS to plain HTTP, never with
//! credentials to another origin, never into networks that the server may not point to.

use http::{Method, StatusCode, header};

use super::body::Payload;
use super::exchange::{Outgoing, Response, Transport};
use super::failure::Failure;
use super::origin::{Origin, resolve};
use crate::error::Cause;

/// Most redirects in a row.
const MOST: usize = 10;

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

impl Transport {
    /// Sends a request and follows its redirects.
    pub(crate) async fn follow(&self, outgoing: Outgoing) -> Result<Response, Failure> {
        self.follow_some(outgoing, is_redirect).await
    }

    /// Like [`Self::follow`], but 303, which leads to something other than what was asked for, is an
    /// error.
    pub(crate) async fn follow_same(&self, outgoing: Outgoing) -> Result<Response, Failure> {
        let is_followed = |status| is_redirect(status) && status != StatusCode::SEE_OTHER;
        let response = self.follow_some(outgoing, is_followed).await?;
        if response.status != StatusCode::SEE_OTHER {
            return Ok(response);
        }
        let host = response.uri.authority().map_or("", |a| a.as_str());
        Err(Failure::refused(
            host,
            "points to something else (303)",
            Cause::SeeOther,
        ))
    }

    async fn follow_some(
        &self,
        outgoing: Outgoing,
        is_followed: impl Fn(StatusCode) -> bool,
    ) -> Result<Response, Failure> {
        let method = outgoing.method.clone();
        if !matches!(method, Method::GET | Method::HEAD) {
            return self.send(outgoing).await;
        }
        let mut headers = outgoing.headers.clone();
        let mut authorization = outgoing.authorization.clone();
        let origin = Origin::of(&outgoing.uri);
        let mut response = self.send(outgoing).await?;
        for _ in 0..MOST {
            if !is_followed(response.status) {
                return Ok(response);
            }
            let host = response.uri.authority().map_or("", |a| a.as_str());
            let target = response
                .header(header::LOCATION)
                .and_then(|location| resolve(&response.uri, location))
                .ok_or_else(|| {
                    Failure::refused(host, "redirected without a usable location", Cause::Other)
                })?;
            self.check_step(&response.uri, &target, "redirect")?;
            if Origin::of(&target) != origin {
                // Once removed, it stays removed on the way back: the other origin would decide
                // what is done with the credentials.
                authorization = None;
                headers.remove(header::COOKIE);
            }
            let next = Outgoing {
                method: method.clone(),
                headers: headers.clone(),
                authorization: authorization.clone(),
                payload: Payload::Empty,
                reach: response.reach_to(&target),
                uri: target,
            };
            response = self.send(next).await?;
        }
        let host = response.uri.authority().map_or("", |a| a.as_str());
        Err(Failure::refused(
            host,
            format!("redirected more than {MOST} times"),
            Cause::Other,
        ))
    }
}
