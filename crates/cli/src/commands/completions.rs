use clap_complete::Shell;

use crate::context::Context;
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
        let mut grammar = context.grammar.clone();
        clap_complete::generate(self.shell, &mut grammar, "lazaret", &mut script);
        Ok(context.printer.raw(&script)?)
    }
}
