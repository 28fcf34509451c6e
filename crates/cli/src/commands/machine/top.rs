use lazaret_supervisor::{Ending, Error, Event, ProcessReport};
use lazaret_values::Printable;
use serde::Serialize;

use super::time;
use crate::context::Context;
use crate::failure::Failure;
use crate::format::Format;
use crate::printer::table;

/// Most bytes that `ps` of a machine may print.
const OUTPUT_BYTES: usize = 16 << 20;
const DAY: u64 = 24 * 3600 * 1000;

/// List the processes of a running machine
///
/// With options, the `ps` of the machine's image runs with them, and its output is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name or id
    machine: String,
    /// Options for `ps`
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PS OPTIONS"
    )]
    options: Vec<String>,
}

/// A process, as it is listed.
#[derive(Serialize)]
struct Row {
    uid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    pid: u32,
    ppid: u32,
    state: char,
    /// Percent of one processor since it was started.
    cpu_percent: u64,
    started_at: String,
    /// `pts/0`, or `?`.
    tty: String,
    /// Seconds that processors have worked for it.
    cpu_seconds: f64,
    command: String,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        if !self.options.is_empty() {
            return self.ps(context).await;
        }
        let reports = context.home()?.machine_processes(&self.machine).await?;
        let now = time::now();
        let rows: Vec<(Row, [String; 8])> = reports.iter().map(|report| row(report, now)).collect();
        let printer = context.printer;
        if printer.format != Format::Text {
            let rows: Vec<&Row> = rows.iter().map(|(row, _)| row).collect();
            return Ok(printer.json(&rows)?);
        }
        let heading = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];
        let mut lines = vec![heading.map(str::to_owned).to_vec()];
        lines.extend(rows.into_iter().map(|(_, cells)| cells.to_vec()));
        Ok(printer.data(&table(&lines))?)
    }

    /// Runs `ps` in the machine.
    async fn ps(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let found = home.machine(&self.machine)?;
        let mut process = found.spec.process();
        process.argv = vec!["ps".to_owned()];
        process.argv.extend(self.options);
        process.user = String::new();
        process.terminal = None;
        let mut session = home.holder(&found).await?.exec(process, false)?;
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let status = loop {
            match session.events.next().await? {
                Event::Started => {}
                Event::Output(bytes) => keep(&mut output, &bytes),
                Event::Errors(bytes) => keep(&mut errors, &bytes),
                Event::Ended(Ending::Exit(outcome)) => break outcome.exit_status(),
                Event::Ended(Ending::Failure(failure)) => {
                    return Err(Error::Workload {
                        message: failure.message,
                        kind: failure.kind,
                    }
                    .into());
                }
                Event::Ended(Ending::Killed) => break Ending::Killed.status(),
            }
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if status != 0 {
            let said = text(&errors);
            let said = said.trim();
            return Err(Error::Workload {
                message: format!("ps ended with status {status}: {said}"),
                kind: lazaret_supervisor::FailureKind::Machine,
            }
            .into());
        }
        let output = text(&output);
        match context.printer.format {
            Format::Json | Format::Template(_) => Ok(context.printer.json(&output)?),
            Format::Text => {
                let printable = Printable::new(&output).lines().whole().to_string();
                Ok(context.printer.data(&printable)?)
            }
        }
    }
}

/// Adds bytes, of which there may be too many.
fn keep(all: &mut Vec<u8>, bytes: &[u8]) {
    let room = OUTPUT_BYTES.saturating_sub(all.len());
    all.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// A process for programs, and its cells for people.
fn row(report: &ProcessReport, now: u64) -> (Row, [String; 8]) {
    let started = now.saturating_sub(report.age.saturating_mul(1_000_000));
    let percent = (report.worked.saturating_mul(100))
        .checked_div(report.age)
        .unwrap_or(0);
    let tty = terminal(report.terminal);
    let form = if report.age < DAY { "%H:%M" } else { "%b%d" };
    let seconds = report.worked / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let user = report.user.clone();
    let cells = [
        user.clone().unwrap_or_else(|| report.uid.to_string()),
        report.pid.to_string(),
        report.parent.to_string(),
        percent.to_string(),
        time::formatted(started, form),
        tty.clone(),
        format!("{hours:02}:{minutes:02}:{:02}", seconds % 60),
        report.command.clone(),
    ];
    let row = Row {
        uid: report.uid,
        user,
        pid: report.pid,
        ppid: report.parent,
        state: report.state,
        cpu_percent: percent,
        started_at: time::stamp(started),
        tty,
        cpu_seconds: report.worked as f64 / 1000.0,
        command: report.command.clone(),
    };
    (row, cells)
}

/// The name of a terminal by its device number (`proc_pid_stat(5)`).
fn terminal(device: u32) -> String {
    let major = (device >> 8) & 0xfff;
    let minor = (device & 0xff) | ((device >> 12) & 0xf_ff00);
    match major {
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        _ => "?".to_owned(),
    }
}
