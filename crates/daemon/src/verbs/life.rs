//! Starts, stops, changes and removes machines.

use hyper::body::Incoming;
use lazaret_supervisor::notation::machines::Filter;
use lazaret_supervisor::{Ending, Event, MachineSpec, Session, signal_number};
use serde::Deserialize;
use serde_json::json;

use super::finish::finish;
use super::named::Named;
use super::nothing::{no_query, nothing};
use crate::answer::{Answer, done};
use crate::fault::{Failure, Fault};
use crate::request::{Query, read_json};
use crate::shared::Shared;

const SIGKILL: u8 = 9;

/// How a workload is asked to end.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct Stop {
    signal: Option<String>,
    timeout: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    #[serde(default)]
    signal: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Prune {
    filter: Vec<String>,
    dry_run: bool,
}

/// `POST /v1/machines/{machine}/start`
pub(crate) async fn start(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    nothing(query, body).await?;
    let shared = shared.clone();
    let started = finish(async move { start_one(&shared, &name).await }).await?;
    Ok(done(&Named::from(started)))
}

/// `POST /v1/machines/{machine}/stop`
pub(crate) async fn stop(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    let (signal, stop) = read_stop(query, body).await?;
    let shared = shared.clone();
    let stopped = finish(async move { stop_one(&shared, &name, signal, stop.timeout).await });
    Ok(done(&Named::from(stopped.await?)))
}

/// `POST /v1/machines/{machine}/restart`
pub(crate) async fn restart(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    let (signal, stop) = read_stop(query, body).await?;
    let shared = shared.clone();
    let started = finish(async move {
        let stopped = stop_one(&shared, &name, signal, stop.timeout).await?;
        start_one(&shared, &stopped.id).await
    });
    Ok(done(&Named::from(started.await?)))
}

/// `POST /v1/machines/{machine}/kill`
pub(crate) async fn kill(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    no_query(query)?;
    let kill: Kill = read_json(body).await?;
    let signal = signal(kill.signal.as_deref())?.unwrap_or(SIGKILL);
    let (found, holder) = shared.holder(&name).await?;
    let killed = finish(async move {
        holder.kill(signal).await?;
        if signal == SIGKILL {
            // The machine ends by it; how is of no interest here.
            let _ended = holder.wait().await;
        }
        Ok(found.spec)
    });
    Ok(done(&Named::from(killed.await?)))
}

/// `POST /v1/machines/{machine}/pause`
pub(crate) async fn pause(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    nothing(query, body).await?;
    let (found, holder) = shared.holder(&name).await?;
    holder.pause().await?;
    Ok(done(&Named::from(found.spec)))
}

/// `POST /v1/machines/{machine}/unpause`
pub(crate) async fn unpause(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    nothing(query, body).await?;
    let (found, holder) = shared.holder(&name).await?;
    holder.resume().await?;
    Ok(done(&Named::from(found.spec)))
}

/// `POST /v1/machines/{machine}/rename`
pub(crate) async fn rename(
    shared: &Shared,
    name: String,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    no_query(query)?;
    let new: Rename = read_json(body).await?;
    let renamed = shared.look(move |home| {
        let id = home.machine(&name)?.spec.id;
        home.rename_machine(&id, &new.name)?;
        Ok(home.machine(&id)?.spec)
    });
    Ok(done(&Named::from(renamed.await?)))
}

/// `DELETE /v1/machines/{machine}`
pub(crate) async fn remove(
    shared: &Shared,
    name: String,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    let query = Query::read(query, &["force", "volumes"])?;
    let (force, volumes) = (query.flag("force")?, query.flag("volumes")?);
    shared.machine(&name).await?;
    let home = shared.home.clone();
    let removed = finish(async move { Ok(home.remove_machine(&name, force, volumes).await?) });
    Ok(done(&Named::from(removed.await?)))
}

/// `POST /v1/prune/machines`
pub(crate) async fn prune(
    shared: &Shared,
    query: Option<&str>,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    no_query(query)?;
    let prune: Prune = read_json(body).await?;
    let read = |text: &String| {
        let filter = text.parse::<Filter>();
        filter.map_err(|error| Fault::usage(format!("filter '{text}' cannot be used: {error}")))
    };
    let filters = prune
        .filter
        .iter()
        .map(read)
        .collect::<Result<Vec<_>, _>>()?;
    shared.look(|_| Ok(())).await?;
    let home = shared.home.clone();
    let pruned =
        finish(async move { Ok(home.prune_machines(&filters, prune.dry_run).await?) }).await?;
    Ok(done(&json!({ "machines": pruned })))
}

/// Starts a machine, unless it runs, and waits until its workload does. It is its own from the
/// beginning: it goes on if this process ends meanwhile.
async fn start_one(shared: &Shared, name: &str) -> Result<MachineSpec, Failure> {
    let found = shared.machine(name).await?;
    if found.state.life.is_held() {
        return Ok(found.spec);
    }
    let started = shared.home.start_machine(&found.spec.id).await?;
    let session = started.holder.attach(false, false)?;
    up(session).await?;
    Ok(started.spec)
}

/// Waits until a workload runs.
async fn up(mut session: Session) -> Result<(), Failure> {
    loop {
        match session.events.next().await? {
            Event::Ended(Ending::Failure(failure)) => return Err(Fault::workload(&failure).into()),
            Event::Started | Event::Ended(_) => return Ok(()),
            Event::Output(_) | Event::Errors(_) => {}
        }
    }
}

/// Stops a machine; one that does not run is left as it is.
async fn stop_one(
    shared: &Shared,
    name: &str,
    signal: Option<u8>,
    timeout: Option<u64>,
) -> Result<MachineSpec, Failure> {
    let found = shared.machine(name).await?;
    if found.state.life.is_held() {
        let signal = signal.unwrap_or_else(|| found.spec.stop_signal());
        let seconds = timeout.unwrap_or(found.spec.options.stop_seconds);
        let holder = shared.home.holder(&found).await?;
        // It is gone in any case; how it ended is of no interest here.
        let _ended = holder.stop(signal, seconds).await;
    }
    Ok(found.spec)
}

async fn read_stop(query: Option<&str>, body: &mut Incoming) -> Result<(Option<u8>, Stop), Fault> {
    no_query(query)?;
    let stop: Stop = read_json(body).await?;
    Ok((signal(stop.signal.as_deref())?, stop))
}

/// The number of a signal that is named.
fn signal(text: Option<&str>) -> Result<Option<u8>, Fault> {
    let Some(text) = text else {
        return Ok(None);
    };
    let number = signal_number(text);
    let unknown = || {
        Fault::usage(format!(
            "signal '{text}' cannot be used: expected a name or number, such as TERM, SIGKILL or 10"
        ))
    };
    number.map(Some).ok_or_else(unknown)
}
