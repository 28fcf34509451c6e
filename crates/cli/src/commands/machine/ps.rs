use std::collections::BTreeMap;

use lazaret_supervisor::{FoundMachine, Life};
use serde::Serialize;

use super::filter::{Filter, apply};
use super::time;
use crate::context::Context;
use crate::failure::Failure;
use crate::printer::table;

/// List machines
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Those that do not run, too
    #[arg(short, long)]
    all: bool,
    /// Only those that match: `id`, `name`, `status`, `exited`, `label`, `ancestor`, `volume`,
    /// `before`, `since`, `until`
    #[arg(short, long, value_name = "KEY=VALUE")]
    filter: Vec<Filter>,
    /// The machine that was made last, running or not
    #[arg(short, long)]
    latest: bool,
    /// The machines that were made last, running or not
    #[arg(short = 'n', long, value_name = "COUNT", conflicts_with = "latest")]
    last: Option<usize>,
    /// Do not shorten ids and commands
    #[arg(long)]
    no_trunc: bool,
}

/// A machine, as it is listed.
#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    image: String,
    image_digest: String,
    command: Vec<String>,
    labels: BTreeMap<String, String>,
    /// `created`, `starting`, `running`, `paused`, `stopping`, `exited` or `lost`.
    state: &'static str,
    /// The state in words.
    status: String,
    exit_code: Option<u8>,
    created_at: String,
    running_for: String,
    started_at: Option<String>,
    finished_at: Option<String>,
    restarts: u32,
    /// The ports of the host that lead into it: `127.0.0.1:8080->80/tcp`.
    ports: Vec<String>,
    /// The checkpoint, or the id of the machine that was forked.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let machines = context.home()?.machines()?;
        let asks_for_state =
            |filter: &Filter| matches!(filter, Filter::Status(_) | Filter::Exited(_));
        let last = if self.latest { Some(1) } else { self.last };
        let all = self.all || last.is_some() || self.filter.iter().any(asks_for_state);
        let mut machines = apply(machines, &self.filter);
        machines.retain(|found| all || found.state.life.is_held());
        machines.truncate(last.unwrap_or(usize::MAX));
        let printer = context.printer;
        let now = time::now();
        let rows: Vec<Row> = machines.iter().map(|found| row(found, now)).collect();
        let short = |text: &str, length: usize| match text.char_indices().nth(length) {
            Some((end, _)) if !self.no_trunc => text[..end].to_owned(),
            _ => text.to_owned(),
        };
        printer.result(&rows, |rows| {
            if printer.quiet {
                return rows.iter().map(|row| short(&row.id, 12) + "\n").collect();
            }
            let heading = [
                "MACHINE ID",
                "IMAGE",
                "COMMAND",
                "CREATED",
                "STATUS",
                "PORTS",
                "NAMES",
            ];
            let mut lines = vec![heading.map(str::to_owned).to_vec()];
            lines.extend(rows.iter().map(|row| {
                let command = row.command.join(" ");
                let shown = short(&command, 20);
                let cut = if shown.len() < command.len() {
                    "…"
                } else {
                    ""
                };
                vec![
                    short(&row.id, 12),
                    row.image.clone(),
                    format!("\"{shown}{cut}\""),
                    format!("{} ago", row.running_for),
                    row.status.clone(),
                    row.ports.join(", "),
                    row.name.clone(),
                ]
            }));
            table(&lines)
        })?;
        Ok(())
    }
}

fn row(found: &FoundMachine, now: u64) -> Row {
    let (spec, state) = (&found.spec, &found.state);
    Row {
        id: spec.id.clone(),
        name: spec.name.clone(),
        image: spec.image.clone(),
        image_digest: spec.image_digest.clone(),
        command: spec.command().to_vec(),
        labels: spec.labels.clone(),
        state: state.life.name(),
        status: status(found, now),
        exit_code: state.life.status(),
        created_at: time::stamp(spec.created),
        running_for: time::between(spec.created, now),
        started_at: state.started.map(time::stamp),
        finished_at: state.finished.map(time::stamp),
        restarts: state.restarts,
        ports: if state.life.is_held() {
            state.ports.iter().map(ToString::to_string).collect()
        } else {
            Vec::new()
        },
        from: spec.from.as_ref().map(|from| {
            let checkpoint = from.checkpoint.clone();
            checkpoint.unwrap_or_else(|| from.machine.clone())
        }),
    }
}

/// The state of a machine in words.
pub(crate) fn status(found: &FoundMachine, now: u64) -> String {
    let state = &found.state;
    let up = || {
        state
            .started
            .map_or_else(String::new, |started| time::between(started, now))
    };
    let ago = || match state.finished {
        Some(finished) => format!("{} ago", time::between(finished, now)),
        None => String::new(),
    };
    match &state.life {
        Life::Created => "Created".to_owned(),
        Life::Starting if state.restarts > 0 => format!("Restarting ({})", state.restarts),
        Life::Starting => "Starting".to_owned(),
        Life::Running => format!("Up {}", up()),
        Life::Paused => format!("Up {} (Paused)", up()),
        Life::Stopping(_) => "Stopping".to_owned(),
        Life::Exited(ending) => format!("Exited ({}) {}", ending.status(), ago()),
        Life::Lost => format!("Lost {}", ago()),
    }
}
