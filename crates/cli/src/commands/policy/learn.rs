use lazaret_policy::{Reached, Verdict, learn};
use lazaret_supervisor::add_policy_rule;
use serde_json::json;

use super::place::{Place, documents, told};
use crate::context::Context;
use crate::failure::Failure;

/// Add rules that allow what a machine has reached, the least general ones: see `run --learn`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name or id of the machine, which may be gone
    machine: String,
    /// Show the rules and add none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let printer = context.printer;
        let decisions = context.home()?.decisions(&self.machine)?;
        let passed = decisions
            .into_iter()
            .filter(|decision| decision.verdict == Verdict::Allow);
        let reached: Vec<Reached> = passed
            .map(|decision| Reached {
                host: decision.host,
                port: decision.port,
                method: decision.method,
                path: decision.path,
            })
            .collect();
        let path = self.place.any()?;
        let before = match path.exists() {
            true => documents(&path, printer)?,
            false => Vec::new(),
        };
        let is_new = |rule: &lazaret_policy::Rule| {
            !before.iter().any(|document| document.rules.contains(rule))
        };
        let rules: Vec<_> = learn(&reached).rules.into_iter().filter(is_new).collect();
        if !self.dry_run {
            for rule in &rules {
                add_policy_rule(&path, rule).map_err(|error| told(error, &path, printer))?;
            }
        }
        let name = path.display();
        let done = json!({"policy": path, "rules": rules});
        Ok(printer.result(&done, |_| {
            let lines = rules.iter().map(|rule| {
                let ports: Vec<_> = rule.ports.iter().map(ToString::to_string).collect();
                format!("allow {} {} in {name}\n", rule.pattern, ports.join(","))
            });
            lines.collect()
        })?)
    }
}
