//! Runs a command in a machine.

use http::request::Parts;
use hyper::body::Incoming;
use lazaret_supervisor::{Ending, Event, Session};

use super::named::Named;
use super::nothing::no_query;
use super::process::Command;
use crate::answer::{Answer, done};
use crate::fault::{Failure, Fault};
use crate::request::read_json;
use crate::shared::Shared;
use crate::streams::{carry, open};

/// `POST /v1/machines/{machine}/exec`
pub(crate) async fn exec(
    shared: &Shared,
    name: &str,
    head: Parts,
    mut body: Incoming,
) -> Result<Answer, Failure> {
    no_query(head.uri.query())?;
    let command: Command = read_json(&mut body).await?;
    command.check()?;
    let (found, holder) = shared.holder(name).await?;
    let (interactive, detach) = (command.interactive, command.detach);
    let session = holder.exec(command.beside(&found.spec), detach)?;
    if detach {
        leave(session).await?;
        return Ok(done(&Named::from(found.spec)));
    }
    let (wire, answer) = open(head, body);
    let (shared, busy) = (shared.clone(), shared.activity.begin());
    tokio::spawn(async move {
        if let Some((outgoing, incoming)) = wire.begin().await {
            let nothing = std::future::ready(Ok(()));
            carry(&shared, nothing, session, interactive, &outgoing, incoming).await;
        }
        drop(busy);
    });
    Ok(answer)
}

/// Waits until the command runs.
async fn leave(mut session: Session) -> Result<(), Failure> {
    loop {
        match session.events.next().await? {
            Event::Ended(Ending::Failure(failure)) => return Err(Fault::workload(&failure).into()),
            Event::Started | Event::Ended(_) => return Ok(()),
            Event::Output(_) | Event::Errors(_) => {}
        }
    }
}
