mod explain;
mod import;
mod init;
mod install;
mod ls;
mod plan;
mod prefetch;
mod prune;
mod start;
mod stats;
mod which;

use crate::context::Context;
use crate::failure::Failure;

/// Mirror other registries: fetch once, keep, serve to all
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Start(start::Args),
    Plan(plan::Args),
    Explain(explain::Args),
    Install(install::InstallArgs),
    Uninstall(install::UninstallArgs),
    Import(import::Args),
    #[command(alias = "list")]
    Ls(ls::Args),
    Prune(prune::Args),
    Prefetch(prefetch::Args),
    Stats(stats::Args),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Init(args) => args.run(context),
            Self::Start(args) => args.run(context).await,
            Self::Plan(args) => args.run(context).await,
            Self::Explain(args) => args.run(context).await,
            Self::Install(args) => args.run(context),
            Self::Uninstall(args) => args.run(context),
            Self::Import(args) => args.run(context),
            Self::Ls(args) => args.run(context).await,
            Self::Prune(args) => args.run(context).await,
            Self::Prefetch(args) => args.run(context).await,
            Self::Stats(args) => args.run(context).await,
        }
    }

    /// Whether the command starts logging itself.
    pub(crate) fn logs_itself(&self) -> bool {
        matches!(self, Self::Start(_))
    }
}
