use clap::CommandFactory;
use clap_complete::Shell;

use super::Context;
use crate::failure::Failure;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut crate::Cli::command(),
            "lazaret",
            &mut script,
        );
        Ok(context.printer.raw(&script)?)
    }
}
