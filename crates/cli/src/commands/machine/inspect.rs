use lazaret_supervisor::FoundMachine;
use serde_json::Value;

use crate::context::Context;
use crate::failure::Failure;

/// Show everything about machines, as JSON
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Names or ids
    #[arg(required = true)]
    machines: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let home = context.home()?;
        let found = self.machines.iter().map(|name| home.machine(name));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let described: Vec<Value> = found.iter().map(FoundMachine::describe).collect();
        Ok(context.printer.json(&described)?)
    }
}
