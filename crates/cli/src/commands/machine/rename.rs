use crate::context::Context;
use crate::failure::Failure;

/// Give a machine another name
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name or id
    machine: String,
    /// The new name
    name: String,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        Ok(context.home()?.rename_machine(&self.machine, &self.name)?)
    }
}
