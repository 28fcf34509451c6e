//! What a machine takes of the host.

use std::time::Duration;

use lazaret_supervisor::{FoundMachine, MachineUsage};
use serde_json::{Value, json};

use crate::answer::{Answer, done, stream};
use crate::fault::{Failure, Fault};
use crate::request::Query;
use crate::shared::Shared;

/// Interval between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// `GET /v1/machines/{machine}/stats`
pub(crate) async fn stats(
    shared: &Shared,
    name: &str,
    query: Option<&str>,
) -> Result<Answer, Failure> {
    let follow = Query::read(query, &["follow"])?.flag("follow")?;
    let found = shared.machine(name).await?;
    let Some(first) = look(shared, &found.spec.id).await? else {
        let message = format!("machine '{}' does not run", found.spec.name);
        return Err(Fault::new(http::StatusCode::CONFLICT, "conflict", message).into());
    };
    if !follow {
        return Ok(done(&first));
    }
    let (outgoing, answer) = stream("application/x-ndjson");
    let (shared, id) = (shared.clone(), found.spec.id);
    tokio::spawn(async move {
        let mut next = Some(first);
        while let Some(usage) = next {
            if !outgoing.line(&usage).await {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = outgoing.gone() => return,
                () = shared.stop() => return,
            }
            // A machine that has gone has no figures.
            next = look(&shared, &id).await.unwrap_or_default();
        }
    });
    Ok(answer)
}

async fn look(shared: &Shared, id: &str) -> Result<Option<Value>, lazaret_supervisor::Error> {
    let id = id.to_owned();
    let look = shared.look(move |home| {
        let found = home.machine(&id)?;
        Ok(home
            .machine_usage(&found)
            .map(|usage| describe(&found, usage)))
    });
    look.await
}

fn describe(found: &FoundMachine, usage: MachineUsage) -> Value {
    let nanoseconds = u64::try_from(usage.processor.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "id": found.spec.id,
        "name": found.spec.name,
        "time": lazaret_supervisor::time::stamp(lazaret_supervisor::time::now()),
        "cpu_nanoseconds": nanoseconds,
        "memory": usage.memory,
        "memory_limit": found.spec.resources().memory_mib << 20,
        "disk_read": usage.read,
        "disk_written": usage.written,
    })
}
