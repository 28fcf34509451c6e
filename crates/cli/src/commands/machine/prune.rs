use lazaret_supervisor::Home;
use serde::Serialize;

use super::filter::{Filter, apply};
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
        let pruned = remove(&context.home()?, &self.filter, self.dry_run).await?;
        let pruned = Pruned { machines: pruned };
        context.printer.result(&pruned, |pruned| {
            let lines: String = pruned.machines.iter().map(|id| format!("{id}\n")).collect();
            let verb = if self.dry_run { "would be" } else { "were" };
            format!("{lines}{} {verb} removed", count(pruned.machines.len()))
        })?;
        Ok(())
    }
}

/// Removes the machines that do not run and pass the filters; returns their ids.
pub(crate) async fn remove(
    home: &Home,
    filters: &[Filter],
    dry_run: bool,
) -> Result<Vec<String>, Failure> {
    let mut removed = Vec::new();
    for found in apply(home.machines()?, filters) {
        if found.state.life.is_held() {
            continue;
        }
        if !dry_run {
            home.remove_machine(&found.spec.id, false, false).await?;
        }
        removed.push(found.spec.id);
    }
    Ok(removed)
}

pub(crate) fn count(machines: usize) -> String {
    match machines {
        1 => "1 machine".to_owned(),
        machines => format!("{machines} machines"),
    }
}
