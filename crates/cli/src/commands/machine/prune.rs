use lazaret_supervisor::FoundMachine;
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
        let at_rest = |found: &FoundMachine| !found.state.life.is_held();
        let matches = |found: &FoundMachine| self.filter.iter().all(|filter| filter.matches(found));
        let machines = home.machines()?.into_iter();
        let mut pruned = Vec::new();
        for found in machines.filter(|found| at_rest(found) && matches(found)) {
            if !self.dry_run {
                home.remove_machine(&found.spec.id, false).await?;
            }
            pruned.push(found.spec.id);
        }
        let pruned = Pruned { machines: pruned };
        context.printer.result(&pruned, |pruned| {
            let lines: String = pruned.machines.iter().map(|id| format!("{id}\n")).collect();
            let verb = if self.dry_run { "would be" } else { "were" };
            format!("{lines}{} {verb} removed", count(pruned.machines.len()))
        })?;
        Ok(())
    }
}

fn count(machines: usize) -> String {
    match machines {
        1 => "1 machine".to_owned(),
        machines => format!("{machines} machines"),
    }
}
