//! Takes part in the workload of a machine.

use http::request::Parts;
use hyper::body::Incoming;
use lazaret_supervisor::LogPart;
use lazaret_supervisor::time::now;
use serde::Deserialize;

use super::logs::Following;
use super::nothing::no_query;
use crate::answer::Answer;
use crate::fault::Failure;
use crate::request::read_json;
use crate::shared::Shared;
use crate::streams::{carry, open};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Attach {
    interactive: bool,
    logs: bool,
}

/// `POST /v1/machines/{machine}/attach`
pub(crate) async fn attach(
    shared: &Shared,
    name: &str,
    head: Parts,
    mut body: Incoming,
) -> Result<Answer, Failure> {
    no_query(head.uri.query())?;
    let attach: Attach = read_json(&mut body).await?;
    let (found, holder) = shared.holder(name).await?;
    let part = LogPart {
        since: (!attach.logs).then(now),
        ..LogPart::default()
    };
    // What the workload writes comes from the log: a client that is slow delays nobody.
    let following = Following::new(shared, &found, part, true).await?;
    let session = holder.attach(false, false)?;
    let takes_input = attach.interactive && found.spec.options.interactive;
    let (wire, answer) = open(head, body);
    let (shared, busy) = (shared.clone(), shared.activity.begin());
    tokio::spawn(async move {
        if let Some((outgoing, incoming)) = wire.begin().await {
            let showing = following.show(&outgoing, false);
            carry(&shared, showing, session, takes_input, &outgoing, incoming).await;
        }
        drop(busy);
    });
    Ok(answer)
}
