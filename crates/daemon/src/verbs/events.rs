//! What becomes of machines, as lines of JSON.

use std::time::Duration;

use lazaret_supervisor::notation::events::Filter;
use lazaret_supervisor::time::{moment, now};
use lazaret_supervisor::{Error, MachineEvent, MachineEvents};

use crate::answer::{Answer, Outgoing, stream};
use crate::fault::Failure;
use crate::request::Query;
use crate::shared::{Shared, blocking};

/// Interval at which the file of the events is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Number of looks after which losses are noted, which takes more.
const SETTLES: u32 = 10;

/// The events that are wanted.
struct Wanted {
    follow: bool,
    since: u64,
    until: Option<u64>,
    filters: Vec<Filter>,
}

/// `GET /v1/events`
pub(crate) async fn events(shared: &Shared, query: Option<&str>) -> Result<Answer, Failure> {
    let query = Query::read(query, &["follow", "since", "until", "filter"])?;
    let follow = query.flag("follow")?;
    let wanted = Wanted {
        follow,
        // Those who follow see what comes, as on the command line.
        since: query
            .one("since", moment)?
            .unwrap_or_else(|| if follow { now() } else { 0 }),
        until: query.one("until", moment)?,
        filters: query.all("filter", str::parse)?,
    };
    let events = shared.look(|home| home.machine_events()).await?;
    let (outgoing, answer) = stream("application/x-ndjson");
    let shared = shared.clone();
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = show(&shared, events, &wanted, &outgoing) => ended,
            () = outgoing.gone() => return,
            () = shared.stop() => return,
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "events not read");
            outgoing.fail().await;
        }
    });
    Ok(answer)
}

async fn show(
    shared: &Shared,
    mut events: MachineEvents,
    wanted: &Wanted,
    outgoing: &Outgoing,
) -> Result<(), Error> {
    for round in 0_u32.. {
        if round % SETTLES == 0 {
            shared.look(|_| Ok(())).await?;
        }
        // Looked at before the file: what came until then is shown.
        let moment = now();
        let (back, found) = next(events).await?;
        events = back;
        for event in found.iter().filter(|event| wanted.has(event)) {
            if !outgoing.line(&event.describe()).await {
                return Ok(());
            }
        }
        if !wanted.follow || wanted.until.is_some_and(|until| moment >= until) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Reads what is new.
async fn next(mut events: MachineEvents) -> Result<(MachineEvents, Vec<MachineEvent>), Error> {
    let read = blocking(move || {
        let found = events.next_events()?;
        Ok((events, found))
    });
    read.await
}

impl Wanted {
    fn has(&self, event: &MachineEvent) -> bool {
        event.time >= self.since
            && self.until.is_none_or(|until| event.time < until)
            && self.filters.iter().all(|filter| filter.passes(event))
    }
}
