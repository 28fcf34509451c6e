//! Machines, as they are.

use std::collections::BTreeMap;

use lazaret_supervisor::FoundMachine;
use lazaret_supervisor::notation::machines::{Filter, apply};
use lazaret_supervisor::time::stamp;
use serde::Serialize;

use super::nothing::no_query;
use crate::answer::{Answer, done};
use crate::fault::Failure;
use crate::request::Query;
use crate::shared::Shared;

/// A machine, as it is listed.
#[derive(Serialize)]
struct Listed {
    id: String,
    name: String,
    image: String,
    image_digest: String,
    command: Vec<String>,
    labels: BTreeMap<String, String>,
    state: &'static str,
    exit_code: Option<u8>,
    created: String,
    started_at: Option<String>,
    finished_at: Option<String>,
    restarts: u32,
}

/// `GET /v1/machines`
pub(crate) async fn list(shared: &Shared, query: Option<&str>) -> Result<Answer, Failure> {
    let query = Query::read(query, &["all", "filter", "last"])?;
    let filters = query.all("filter", str::parse::<Filter>)?;
    let last = query.one("last", str::parse::<usize>)?;
    let asks_for_state = |filter: &Filter| matches!(filter, Filter::Status(_) | Filter::Exited(_));
    let all = query.flag("all")? || last.is_some() || filters.iter().any(asks_for_state);
    let listed = shared.look(move |home| {
        let mut machines = apply(home.machines()?, &filters);
        machines.retain(|found| all || found.state.life.is_held());
        machines.truncate(last.unwrap_or(usize::MAX));
        Ok(machines.into_iter().map(listed).collect::<Vec<_>>())
    });
    Ok(done(&listed.await?))
}

/// `GET /v1/machines/{machine}`
pub(crate) async fn inspect(
    shared: &Shared,
    name: &str,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    no_query(query)?;
    Ok(done(&shared.machine(name).await?.describe()))
}

fn listed(found: FoundMachine) -> Listed {
    let FoundMachine { spec, state, .. } = found;
    Listed {
        command: spec.command().to_vec(),
        id: spec.id,
        name: spec.name,
        image: spec.image,
        image_digest: spec.image_digest,
        labels: spec.labels,
        state: state.life.name(),
        exit_code: state.life.status(),
        created: stamp(spec.created),
        started_at: state.started.map(stamp),
        finished_at: state.finished.map(stamp),
        restarts: state.restarts,
    }
}
