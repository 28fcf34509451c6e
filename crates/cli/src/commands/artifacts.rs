pub(crate) mod build;
mod check;
mod inspect;
mod list;
mod moved;
mod pull;
mod push;
pub(crate) mod validate;
pub(crate) mod which;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;

/// Kernels and guest images by name, with variants (`port.toml`)
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Push(push::Args),
    Pull(pull::Args),
    #[command(alias = "ls")]
    List(list::Args),
    Inspect(inspect::Args),
    Check(check::Args),
    Build(build::Args),
    Validate(validate::Args),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Push(args) => args.run(context).await,
            Self::Pull(args) => args.run(context).await,
            Self::List(args) => args.run(context),
            Self::Inspect(args) => args.run(context),
            Self::Check(args) => args.run(context),
            Self::Build(args) => args.run(context).await,
            Self::Validate(args) => args.run(context).await,
        }
    }
}
