mod line;

use std::time::Duration;

use lazaret_supervisor::{AuditReader, AuditSummary, AuditedMachine};
use lazaret_values::Period;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::format::Format;
use crate::printer::{bytes, table};

/// Interval at which a log is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Logs of what machines did, in which no line can be changed unseen
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the machines with a log, also those that were removed
    #[command(alias = "list")]
    Ls,
    /// Show what happened: starts, commands, decisions about the network, uses of credentials
    Show {
        /// Name or id of the machine
        machine: String,
        /// Go on with what happens from now on
        #[arg(short, long)]
        follow: bool,
    },
    /// Check that a log is as it was written; without a machine, all logs
    Verify {
        /// Name or id of the machine, or a file `*.jsonl`
        #[arg(value_name = "MACHINE|FILE")]
        subject: Option<String>,
        /// A hash that `audit head` gave earlier: it has to be in the log
        #[arg(long, value_name = "HASH", requires = "subject")]
        head: Option<String>,
    },
    /// Print the hash that stands for the whole log, to be kept elsewhere
    Head {
        /// Name or id of the machine
        machine: String,
    },
    /// Remove the logs of machines that are no more
    Prune {
        /// Only those that have not changed for so long
        #[arg(long, value_name = "PERIOD", default_value = "90d")]
        older_than: Period,
        /// Show what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

/// A log that is as it was written.
#[derive(Serialize)]
struct Verified {
    subject: String,
    #[serde(flatten)]
    summary: AuditSummary,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let printer = context.printer;
        match self {
            Self::Ls => printer.result(&home.audited_machines()?, |found| listed(found))?,
            Self::Show { machine, follow } => {
                let mut reader = home.audit_reader(&machine)?;
                loop {
                    show(context, &mut reader)?;
                    if !follow {
                        return Ok(());
                    }
                    tokio::time::sleep(LOOK).await;
                }
            }
            Self::Verify { subject, head } => {
                let subjects = match subject {
                    Some(subject) => vec![subject],
                    None => {
                        let machines = home.audited_machines()?.into_iter();
                        machines.map(|machine| machine.id).collect()
                    }
                };
                let (mut verified, mut failed) = (Vec::new(), None);
                for subject in subjects {
                    match home.verify_audit(&subject, head.as_deref()) {
                        Ok(summary) => verified.push(Verified { subject, summary }),
                        Err(error) if failed.is_none() => failed = Some(error),
                        Err(error) => printer.warning(&error.to_string()),
                    }
                }
                printer.result(&verified, |verified| {
                    verified
                        .iter()
                        .map(|log| line::verified(&log.subject, &log.summary))
                        .collect()
                })?;
                if let Some(error) = failed {
                    return Err(error.into());
                }
            }
            Self::Head { machine } => {
                let summary = home.verify_audit(&machine, None)?;
                printer.made(&summary, &summary.head, |summary| {
                    format!("{} {}", summary.head, summary.count)
                })?;
            }
            Self::Prune {
                older_than,
                dry_run,
            } => {
                let pruned = home.prune_audit(older_than.duration(), dry_run)?;
                printer.result(&pruned, |pruned| {
                    let lines = pruned.iter().map(|machine| format!("{}\n", machine.id));
                    let freed = bytes(pruned.iter().map(|machine| machine.bytes).sum());
                    let verb = if dry_run { "would be" } else { "were" };
                    format!("{}{freed} {verb} freed", lines.collect::<String>())
                })?;
            }
        }
        Ok(())
    }
}

fn show(context: &Context, reader: &mut AuditReader) -> Result<(), Failure> {
    while let Some(record) = reader
        .next_record()
        .map_err(lazaret_supervisor::Error::from)?
    {
        match context.printer.format {
            Format::Json => {
                let line = serde_json::to_string(&record).map_err(std::io::Error::from)?;
                context.printer.data(&line)?;
            }
            _ => context.printer.result(&record, line::of)?,
        }
    }
    Ok(())
}

fn listed(machines: &[AuditedMachine]) -> String {
    let mut rows = vec![
        ["MACHINE", "NAME", "SIZE", "LAST", "THERE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(machines.iter().map(|machine| {
        vec![
            machine.id.get(..12).unwrap_or(&machine.id).to_owned(),
            machine.name.clone().unwrap_or_else(|| "-".to_owned()),
            bytes(machine.bytes),
            machine.last.get(..19).unwrap_or_default().to_owned(),
            if machine.exists { "yes" } else { "no" }.to_owned(),
        ]
    }));
    table(&rows)
}
