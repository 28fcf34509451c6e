//! Control planes: the server's side of the hosted API (`lazaret_variants::Transfer`), which stores
//! kernels and guest images by name.
//!
//! ```text
//! POST /v1/artifacts:push   token, audience -> description checked -> body hashed into a nameless file
//!                           -> digest and size right -> synced and named -> 200
//! POST /v1/artifacts:pull   token, audience -> description checked -> 200 and the bytes
//! ```
//! A client is let in before its description is read. Its description gives the path: every part is a
//! plain name beneath the control plane's folder, and no link is followed. Content is streamed in both
//! directions, and never visible before it is whole.

mod answers;
mod digests;
mod plane;
mod pull;
mod push;

use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use lazaret_values::{Printable, Secret};
use lazaret_variants::AUDIENCE_HEADER;

use crate::act::Transfer;
use crate::message::{Body, RequestBody, answer};
use crate::same_secret::is_same;
use answers::{Fault, refuse};
pub(crate) use digests::Digests;
pub(crate) use plane::{ControlPlane, Token};

/// The control planes of one server; a request chooses one by its audience.
pub(crate) struct ControlPlanes(pub(crate) Vec<ControlPlane>);

/// Answers a request for one of the paths of the hosted API; `None` when there are no control planes.
pub(crate) async fn answer(
    planes: &ControlPlanes,
    transfer: Transfer,
    head: &Parts,
    body: &mut RequestBody,
) -> Option<Response<Body>> {
    if planes.0.is_empty() {
        return None;
    }
    if head.method != Method::POST {
        body.discard(&head.headers).await;
        let message = "the endpoint takes POST alone";
        let refused = refuse(None, Fault::new(StatusCode::METHOD_NOT_ALLOWED, message));
        return Some(answer::with(refused, header::ALLOW, "POST"));
    }
    let plane = match planes.admit(head).await {
        Ok(plane) => plane,
        Err(fault) => {
            body.discard(&head.headers).await;
            return Some(refuse(None, fault));
        }
    };
    let outcome = match transfer {
        Transfer::Push => push::push(plane, head, body).await,
        Transfer::Pull => pull::pull(plane, body).await,
    };
    Some(match outcome {
        Ok(response) => response,
        Err(fault) => {
            body.discard(&head.headers).await;
            refuse(Some(plane), fault)
        }
    })
}

impl ControlPlanes {
    /// The control plane that lets the client in.
    async fn admit(&self, head: &Parts) -> Result<&ControlPlane, Fault> {
        let audience = head.headers.get(AUDIENCE_HEADER);
        let audience = audience.and_then(|audience| audience.to_str().ok());
        let audience = audience.ok_or_else(|| {
            Fault::new(
                StatusCode::UNAUTHORIZED,
                format!("the request has no header {AUDIENCE_HEADER}"),
            )
        })?;
        let plane = self.0.iter().find(|plane| plane.audience == audience);
        let plane = plane.ok_or_else(|| {
            let audience = Printable::excerpt(audience);
            Fault::new(
                StatusCode::UNAUTHORIZED,
                format!("no control plane here is for the audience '{audience}'"),
            )
        })?;
        let wanted = plane.token().await;
        let wanted = wanted.map_err(|_| Fault::internal("the control plane has no token"))?;
        let given = head.headers.get(&plane.header);
        let given = given.and_then(|value| value.to_str().ok());
        let given = given.and_then(bearer);
        match given {
            Some(given) if is_same(&given, &wanted) => Ok(plane),
            Some(_) => Err(Fault::new(
                StatusCode::UNAUTHORIZED,
                "the token is not that of the control plane",
            )),
            None => Err(Fault::new(
                StatusCode::UNAUTHORIZED,
                format!("the header {} has no bearer token", plane.header),
            )),
        }
    }
}

/// The token of `Bearer TOKEN`.
fn bearer(value: &str) -> Option<Secret> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Secret::new(token))
}
