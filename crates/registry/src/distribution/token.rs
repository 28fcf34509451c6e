//! `/auth/token`: the token service (distribution, "Token Authentication Specification").

use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};

use crate::caller::described;
use crate::message::{Outcome, RequestBody, answer};
use crate::registry::Registry;
use crate::server::Peer;
use lazaret_auth::{Denied, FORM_BYTES};

/// Issues a token for those of the wanted scopes that are granted.
pub(crate) async fn grant(
    registry: &Registry,
    head: &Parts,
    peer: &Peer,
    body: &mut RequestBody,
) -> Outcome {
    let gate = registry.gate();
    let form = match head.method {
        Method::POST => body.read(FORM_BYTES).await.map_err(|_| {
            Denied::Invalid("the form is larger than 64 KiB, or did not come whole".to_owned())
        })?,
        _ => Bytes::new(),
    };
    let grant = gate.token(head, &form, &described(peer)).await?;
    let response = answer::json(StatusCode::OK, &serde_json::json!(grant));
    Ok(answer::with(response, header::CACHE_CONTROL, "no-store"))
}
