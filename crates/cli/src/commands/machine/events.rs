use std::time::Duration;

use lazaret_supervisor::MachineEvent;
use lazaret_supervisor::notation::events::Filter;
use lazaret_values::Printable;

use super::time;
use crate::context::Context;
use crate::failure::Failure;
use crate::format::Format;

/// Interval at which the file of the events is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Show what becomes of machines, from now on
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// From this moment on: `10m` ago, `2026-11-29T16:00:00Z`, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time::moment)]
    since: Option<u64>,
    /// Until this moment, and no longer
    #[arg(long, value_name = "TIME", value_parser = time::moment)]
    until: Option<u64>,
    /// Only those that match: `event=`, `machine=`, `image=`, `label=KEY[=VALUE]`
    #[arg(short, long, value_name = "KEY=VALUE")]
    filter: Vec<Filter>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let mut events = context.home()?.machine_events()?;
        let since = self.since.unwrap_or_else(time::now);
        loop {
            // Looked at before the file: what came until then is shown.
            let now = time::now();
            for event in events.next_events()? {
                let in_time =
                    event.time >= since && self.until.is_none_or(|until| event.time < until);
                if in_time && self.filter.iter().all(|filter| filter.passes(&event)) {
                    show(context, &event)?;
                }
            }
            if self.until.is_some_and(|until| now >= until) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn show(context: &Context, event: &MachineEvent) -> Result<(), Failure> {
    let described = event.describe();
    if context.printer.format == Format::Json {
        return Ok(context.printer.data(&described.to_string())?);
    }
    let (name, image) = (Printable::new(&event.name), Printable::new(&event.image));
    let status = event
        .exit_code
        .map_or_else(String::new, |code| format!(", exit_code={code}"));
    let network = event.network.as_ref().map_or_else(String::new, |record| {
        let request = match (&record.method, &record.path) {
            (Some(method), Some(path)) => format!("{method} {path} of "),
            _ => String::new(),
        };
        let reason = record.reason.as_deref().unwrap_or_default();
        format!(
            " {request}{}:{} by {} {reason}",
            record.host, record.port, record.rule
        )
    });
    let line = format!(
        "{} machine {} {}{network} (image={image}, name={name}{status})",
        time::stamp(event.time),
        event.action.name(),
        event.id,
    );
    Ok(context.printer.result(&described, |_| line)?)
}
