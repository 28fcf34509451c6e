//! Waits for the end of a machine.

use hyper::body::Incoming;
use serde_json::json;

use super::nothing::nothing;
use crate::answer::{Answer, done};
use crate::fault::{Failure, Fault};
use crate::shared::Shared;

/// `POST /v1/machines/{machine}/wait`
pub(crate) async fn wait(
    shared: &Shared,
    name: &str,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    nothing(query, body).await?;
    let found = shared.machine(name).await?;
    let status = tokio::select! {
        ended = shared.home.wait_for_machine(&found) => ended?,
        () = shared.stop() => return Err(Fault::ending().into()),
    };
    let spec = found.spec;
    Ok(done(
        &json!({ "id": spec.id, "name": spec.name, "exit_code": status }),
    ))
}
