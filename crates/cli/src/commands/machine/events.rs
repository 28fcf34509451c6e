use std::time::Duration;

use lazaret_supervisor::MachineEvent;
use lazaret_values::Printable;
use serde_json::json;

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

#[derive(Debug, Clone)]
enum Filter {
    Event(String),
    Machine(String),
    Image(String),
    Label(String, Option<String>),
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        let value = value.to_owned();
        match key {
            "event" => Ok(Self::Event(value)),
            "machine" | "container" => Ok(Self::Machine(value)),
            "image" => Ok(Self::Image(value)),
            "label" => Ok(match value.split_once('=') {
                Some((key, value)) => Self::Label(key.to_owned(), Some(value.to_owned())),
                None => Self::Label(value, None),
            }),
            _ => Err("expected event, machine, image or label".to_owned()),
        }
    }
}

impl Filter {
    fn passes(&self, event: &MachineEvent) -> bool {
        match self {
            Self::Event(action) => event.action.name() == action,
            Self::Machine(machine) => {
                event.name == *machine || event.id.starts_with(machine.as_str())
            }
            Self::Image(image) => event.image == *image,
            Self::Label(key, value) => event
                .labels
                .get(key)
                .is_some_and(|label| value.as_ref().is_none_or(|value| value == label)),
        }
    }
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
    let described = json!({
        "time": time::stamp(event.time),
        "action": event.action.name(),
        "id": event.id,
        "name": event.name,
        "image": event.image,
        "labels": event.labels,
        "exit_code": event.exit_code,
    });
    if context.printer.format == Format::Json {
        return Ok(context.printer.data(&described.to_string())?);
    }
    let (name, image) = (Printable::new(&event.name), Printable::new(&event.image));
    let status = event
        .exit_code
        .map_or_else(String::new, |code| format!(", exit_code={code}"));
    let line = format!(
        "{} machine {} {} (image={image}, name={name}{status})",
        time::stamp(event.time),
        event.action.name(),
        event.id,
    );
    Ok(context.printer.result(&described, |_| line)?)
}
