//! The commands, with one file for each.

mod approve;
mod artifacts;
mod audit;
mod auth;
mod boundary;
mod catalogue;
mod checkpoint;
mod completions;
mod connect;
#[cfg(feature = "serve")]
mod control_plane;
mod daemon;
mod each;
mod hold;
mod image;
mod keep;
mod kernel;
mod login;
pub(crate) mod machine;
#[cfg(feature = "serve")]
mod mirror;
mod pack;
mod policy;
mod port_machine;
mod pull;
mod push;
#[cfg(feature = "serve")]
mod registry;
mod rootfs;
mod run;
#[cfg(feature = "serve")]
mod serve;
mod setup;
mod share;
mod signal;
mod system;
mod types;
mod validate;
mod volume;

use clap::Subcommand;

use crate::context::Context;
use crate::exit;
use crate::failure::Failure;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<run::Args>),
    Create(Box<machine::create::Args>),
    Start(machine::start::Args),
    Ps(machine::ps::Args),
    Exec(machine::exec::Args),
    Cp(machine::cp::Args),
    Diff(machine::diff::Args),
    Commit(machine::commit::Args),
    Top(machine::top::Args),
    Attach(machine::attach::Args),
    Logs(machine::logs::Args),
    Stop(machine::stop::Args),
    Kill(machine::kill::Args),
    Restart(machine::restart::Args),
    Rm(machine::rm::Args),
    Wait(machine::wait::Args),
    Inspect(machine::inspect::Args),
    Rename(machine::rename::Args),
    Prune(machine::prune::Args),
    Events(machine::events::Args),
    Stats(machine::stats::Args),
    Pause(machine::pause::PauseArgs),
    Unpause(machine::pause::UnpauseArgs),
    Fork(machine::fork::Args),
    Approve(approve::Args),
    Boundary(boundary::Args),
    Hold(hold::Args),
    Keep(keep::Args),
    Share(share::Args),
    Push(push::Args),
    Pull(pull::Args),
    Validate(validate::Args),
    Types(types::Args),
    #[command(subcommand)]
    Pack(pack::Command),
    #[command(subcommand)]
    Policy(policy::Command),
    #[command(subcommand)]
    Volume(volume::Command),
    #[command(subcommand)]
    Checkpoint(checkpoint::Command),
    #[command(subcommand)]
    Image(image::Command),
    #[command(subcommand)]
    Rootfs(rootfs::Command),
    #[command(subcommand)]
    Kernel(kernel::Command),
    #[command(subcommand, alias = "artifact")]
    Artifacts(artifacts::Command),
    #[command(subcommand)]
    Machine(port_machine::Command),
    #[command(subcommand)]
    Catalogue(catalogue::Command),
    Setup(setup::Args),
    #[command(subcommand)]
    System(system::Command),
    Daemon(daemon::Args),
    #[cfg(feature = "serve")]
    Serve(Box<serve::Args>),
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    Registry(registry::Command),
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    Mirror(mirror::Command),
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    ControlPlane(control_plane::Command),
    Connect(connect::ConnectArgs),
    Disconnect(connect::DisconnectArgs),
    #[command(subcommand)]
    Audit(audit::Command),
    Login(login::LoginArgs),
    Logout(login::LogoutArgs),
    #[command(subcommand)]
    Auth(auth::Command),
    Completions(completions::Args),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        match self {
            Self::Run(args) => return args.run(context).await,
            Self::Create(args) => args.run(context).await?,
            Self::Start(args) => return args.run(context).await,
            Self::Ps(args) => args.run(context)?,
            Self::Exec(args) => return args.run(context).await,
            Self::Cp(args) => return args.run(context).await,
            Self::Attach(args) => return args.run(context).await,
            Self::Logs(args) => args.run(context).await?,
            Self::Stop(args) => args.run(context).await?,
            Self::Kill(args) => args.run(context).await?,
            Self::Restart(args) => args.run(context).await?,
            Self::Rm(args) => args.run(context).await?,
            Self::Wait(args) => args.run(context).await?,
            Self::Inspect(args) => args.run(context)?,
            Self::Rename(args) => args.run(context)?,
            Self::Prune(args) => args.run(context).await?,
            Self::Events(args) => args.run(context).await?,
            Self::Stats(args) => args.run(context).await?,
            Self::Diff(args) => args.run(context).await?,
            Self::Commit(args) => args.run(context).await?,
            Self::Top(args) => args.run(context).await?,
            Self::Pause(args) => args.run(context).await?,
            Self::Unpause(args) => args.run(context).await?,
            Self::Fork(args) => return args.run(context).await,
            Self::Approve(args) => args.run(context).await?,
            // It has been served before there was a runtime.
            Self::Boundary(_) => {}
            Self::Hold(args) => args.run().await?,
            Self::Keep(args) => args.run().await?,
            Self::Share(args) => args.run()?,
            #[cfg(feature = "serve")]
            Self::Registry(command) => return command.run(context).await,
            Self::Push(args) => args.run(context).await?,
            Self::Pull(args) => args.run(context).await?,
            Self::Validate(args) => args.run(context)?,
            Self::Types(args) => args.run(context).await?,
            Self::Pack(command) => return command.run(context).await,
            Self::Policy(command) => return command.run(context),
            Self::Volume(command) => command.run(context).await?,
            Self::Checkpoint(command) => command.run(context).await?,
            Self::Image(command) => command.run(context).await?,
            Self::Rootfs(command) => command.run(context).await?,
            Self::Kernel(command) => command.run(context).await?,
            Self::Artifacts(command) => command.run(context).await?,
            Self::Machine(command) => command.run(context).await?,
            Self::Catalogue(command) => command.run(context).await?,
            Self::Setup(args) => args.run(context).await?,
            Self::System(command) => return command.run(context).await,
            Self::Daemon(args) => args.run(context).await?,
            #[cfg(feature = "serve")]
            Self::Serve(args) => args.run(context).await?,
            #[cfg(feature = "serve")]
            Self::Mirror(command) => command.run(context).await?,
            #[cfg(feature = "serve")]
            Self::ControlPlane(command) => command.run(context).await?,
            Self::Connect(args) => args.run(context).await?,
            Self::Disconnect(args) => args.run(context).await?,
            Self::Audit(command) => command.run(context).await?,
            Self::Login(args) => args.login(context).await?,
            Self::Logout(args) => args.logout(context)?,
            Self::Auth(command) => command.run(context)?,
            Self::Completions(args) => args.run(context)?,
        }
        Ok(exit::SUCCESS)
    }

    /// Runs the commands that must be alone in their process.
    pub(crate) fn run_alone(&self) -> Option<std::process::ExitCode> {
        matches!(self, Self::Boundary(_)).then(boundary::Args::run)
    }

    /// Whether the command starts logging itself.
    pub(crate) fn logs_itself(&self) -> bool {
        match self {
            #[cfg(feature = "serve")]
            Self::Serve(_) => true,
            #[cfg(feature = "serve")]
            Self::Mirror(command) => command.logs_itself(),
            _ => false,
        }
    }

    /// The exit status for failures of Lazaret in commands whose small statuses belong to the
    /// workload.
    pub(crate) fn failure_status(&self) -> Option<u8> {
        match self {
            Self::Run(_) | Self::Exec(_) | Self::Pack(pack::Command::Run(_)) => Some(exit::MACHINE),
            #[cfg(feature = "serve")]
            Self::Registry(command) => command.failure_status(),
            _ => None,
        }
    }
}
