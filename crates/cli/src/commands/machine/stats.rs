use std::time::{Duration, Instant};

use lazaret_supervisor::{FoundMachine, MachineUsage};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::format::Format;
use crate::printer::{bytes, table};

/// Interval between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Moves the cursor to the first line and clears the screen from there.
const HOME: &str = "\x1b[H\x1b[J";

/// Show what running machines take of the host
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show it once
    #[arg(long)]
    no_stream: bool,
    /// Do not shorten ids
    #[arg(long)]
    no_trunc: bool,
    /// Names or ids [default: all that run]
    machines: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    /// Percent of one processor of the host.
    cpu_percent: f64,
    /// Bytes of memory that the machine has to itself.
    memory: u64,
    /// Bytes of memory that its guest sees.
    memory_limit: u64,
    disk_read: u64,
    disk_written: u64,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let printer = context.printer;
        let lively = printer.interactive() && !self.no_stream;
        loop {
            let rows = self.rows(context).await?;
            if lively {
                printer.raw(HOME.as_bytes())?;
            }
            if printer.format == Format::Json && !self.no_stream {
                printer.data(&serde_json::to_string(&rows).map_err(std::io::Error::other)?)?;
            } else {
                printer.result(&rows, |rows| self.table(rows))?;
            }
            if self.no_stream {
                return Ok(());
            }
        }
    }

    /// Looks twice, and returns what was taken between.
    async fn rows(&self, context: &Context) -> Result<Vec<Row>, Failure> {
        let home = context.home()?;
        let mut machines = match self.machines.as_slice() {
            [] => home.machines()?,
            names => names
                .iter()
                .map(|name| home.machine(name))
                .collect::<Result<_, _>>()?,
        };
        machines.retain(|found| found.state.life.is_held());
        let look = |found: FoundMachine| home.machine_usage(&found).map(|usage| (found, usage));
        let before: Vec<_> = machines.into_iter().filter_map(look).collect();
        let begin = Instant::now();
        tokio::time::sleep(INTERVAL).await;
        let now = |(found, before): (FoundMachine, MachineUsage)| {
            let usage = home.machine_usage(&found)?;
            Some(row(&found, before, usage, begin.elapsed()))
        };
        Ok(before.into_iter().filter_map(now).collect())
    }

    fn table(&self, rows: &[Row]) -> String {
        let heading = [
            "MACHINE ID",
            "NAME",
            "CPU %",
            "MEM USAGE / LIMIT",
            "MEM %",
            "BLOCK I/O",
        ];
        let mut lines = vec![heading.map(str::to_owned).to_vec()];
        lines.extend(rows.iter().map(|row| {
            let id = if self.no_trunc {
                &row.id
            } else {
                row.id.get(..12).unwrap_or(&row.id)
            };
            vec![
                id.to_owned(),
                row.name.clone(),
                format!("{:.2}%", row.cpu_percent),
                format!("{} / {}", bytes(row.memory), bytes(row.memory_limit)),
                format!(
                    "{:.2}%",
                    row.memory as f64 * 100.0 / row.memory_limit as f64
                ),
                format!("{} / {}", bytes(row.disk_read), bytes(row.disk_written)),
            ]
        }));
        table(&lines)
    }
}

fn row(found: &FoundMachine, before: MachineUsage, now: MachineUsage, time: Duration) -> Row {
    let processor = now.processor.saturating_sub(before.processor);
    let percent = processor.as_secs_f64() * 100.0 / time.as_secs_f64();
    Row {
        id: found.spec.id.clone(),
        name: found.spec.name.clone(),
        cpu_percent: (percent * 100.0).round() / 100.0,
        memory: now.memory,
        memory_limit: found.spec.resources().memory_mib << 20,
        disk_read: now.read,
        disk_written: now.written,
    }
}
