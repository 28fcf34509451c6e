use serde::Serialize;

use super::filter::Filter;
use crate::context::Context;
use crate::failure::Failure;

/// Remove all machines that do not run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove only those that match: `label=KEY[=VALUE]`, `until=TIME`
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<Filter>,
    /// Show what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Accepted for scripts that give it; nothing is asked
    #[arg(short, long)]
    force: bool,
}

#[derive(Serialize)]
struct Pruned {
    machines: Vec<String>,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let pruned = home.prune_machines(&self.filter, self.dry_run).await?;
        let pruned = Pruned { machines: pruned };
        context.printer.result(&pruned, |pruned| {
            let lines: String = pruned.machines.iter().map(|id| format!("{id}\n")).collect();
            let verb = if self.dry_run { "would be" } else { "were" };
            format!("{lines}{} {verb} removed", count(pruned.machines.len()))
        })?;
        Ok(())
    }
}

pub(crate) fn count(machines: usize) -> String {
    match machines {
        1 => "1 machine".to_owned(),
        machines => format!("{machines} machines"),
    }
}
