mod launch;
mod list;
mod named;
mod status;
mod stop;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;

/// Machines by name (`port.toml`)
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Launch(launch::Args),
    List(list::Args),
    Status(status::Args),
    Stop(stop::Args),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Launch(args) => args.run(context).await,
            Self::List(args) => args.run(context),
            Self::Status(args) => args.run(context),
            Self::Stop(args) => args.run(context).await,
        }
    }
}
