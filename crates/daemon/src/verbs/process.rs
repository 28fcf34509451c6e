//! The process of a request to run a command beside a workload.

use lazaret_supervisor::{MachineSpec, Process, TerminalSize, set_variable};
use serde::Deserialize;

use crate::fault::Fault;

/// The size of a terminal of which nobody has told the size.
const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A command that is to run; what is left out is as for the workload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    command: Vec<String>,
    #[serde(default)]
    env: Vec<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    workdir: Option<String>,
    #[serde(default)]
    tty: bool,
    #[serde(default)]
    rows: Option<u16>,
    #[serde(default)]
    columns: Option<u16>,
    #[serde(default)]
    pub(super) interactive: bool,
    #[serde(default)]
    pub(super) detach: bool,
}

impl Command {
    /// Refuses what makes no sense in any machine.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.command.is_empty() {
            return Err(Fault::usage("the command is empty"));
        }
        if self.detach && (self.interactive || self.tty) {
            return Err(Fault::usage("detach goes with neither interactive nor tty"));
        }
        variables(&self.env)
    }

    /// The process beside the workload of a machine.
    pub(super) fn beside(self, spec: &MachineSpec) -> Process {
        let mut process = spec.process();
        process.argv = self.command;
        process.terminal = self.tty.then(|| size(self.rows, self.columns));
        for entry in self.env {
            set_variable(&mut process.env, entry);
        }
        if let Some(user) = self.user {
            process.user = user;
        }
        if let Some(folder) = self.workdir {
            process.working_dir = folder;
        }
        process
    }
}

/// The size of a terminal.
pub(super) fn size(rows: Option<u16>, columns: Option<u16>) -> TerminalSize {
    TerminalSize {
        rows: rows.unwrap_or(ROWS),
        columns: columns.unwrap_or(COLUMNS),
    }
}

/// Refuses variables without a value: the daemon has none to pass on.
pub(super) fn variables(entries: &[String]) -> Result<(), Fault> {
    match entries.iter().find(|entry| !entry.contains('=')) {
        None => Ok(()),
        Some(entry) => Err(Fault::usage(format!(
            "env '{entry}' cannot be used: expected NAME=value"
        ))),
    }
}
