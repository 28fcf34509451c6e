use std::path::PathBuf;

use lazaret_supervisor::{Ending, Machine, Notice, Outcome, PullPolicy, RootDisk, RunRequest};
use lazaret_values::Size;

use super::rootfs::disk_size;
use crate::attach::{self, Signals};
use crate::context::Context;
use crate::failure::Failure;
use crate::hints;
use crate::progress::Bars;

/// Run an agent, a bundle or a plain image in a microVM
///
/// Output streams as it comes, on the channel the workload wrote it to. The exit status is the
/// workload's own (128 plus the signal that ended it); 125 when Lazaret failed, 126 when the
/// command cannot be run, 127 when it was not found.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// `registry/repository[:tag][@digest]`, or the name of a cached image
    reference: String,
    /// Mount an artifact (model, tool, knowledge, fileset), at its own path or another
    #[arg(long, value_name = "REF[:/PATH]")]
    mount: Vec<String>,
    /// Processors [default: the sandbox's, else 1]
    #[arg(long, value_name = "N")]
    cpus: Option<String>,
    /// Memory, in MiB or as `512MiB`, `2GiB` [default: the sandbox's, else 512MiB]
    #[arg(long, visible_alias = "memory", value_name = "SIZE")]
    mem: Option<String>,
    /// Set a variable, `NAME=value`, or pass on the one of this environment, `NAME`
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// `user`, `uid`, `user:group` or `uid:gid`
    #[arg(short, long)]
    user: Option<String>,
    /// Program to run instead of the image's or agent's
    #[arg(long, value_name = "PROGRAM")]
    entrypoint: Option<String>,
    /// Working folder
    #[arg(short, long, value_name = "DIR")]
    workdir: Option<String>,
    /// Host name of the machine
    #[arg(long)]
    hostname: Option<String>,
    /// Policy file to use instead of the bundle's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Kernel, by its name in `lazaret kernel ls`
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// Refuse all writes to the root file system, root's included
    #[arg(long)]
    read_only: bool,
    /// Size of the disk that the machine writes to, in MiB or as `512MiB`, `8GiB` [default: half of
    /// what is free on this host, at most 16GiB; 32GiB with `--fs ext4`]
    #[arg(long, value_name = "SIZE", value_parser = disk_size, conflicts_with = "read_only")]
    disk_size: Option<Size>,
    /// What the root file system is on: the image's own EROFS, shared by all its machines, under an
    /// overlay; or one writable ext4, made for this machine
    #[arg(long, value_enum, default_value_t)]
    fs: Fs,
    /// Have the guest check every block of the image's disk against its root hash (dm-verity)
    #[arg(long, conflicts_with = "fs")]
    verity: bool,
    /// When to ask the registry for an image that is cached
    #[arg(long, value_enum, default_value_t)]
    pull: Pull,
    /// Arguments: they replace the image's command or the agent's arguments
    #[arg(last = true)]
    args: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Fs {
    #[default]
    Erofs,
    Ext4,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Pull {
    /// Always, so that a moved tag is noticed
    Always,
    /// Only for what is not cached
    #[default]
    Missing,
    /// Never
    Never,
}

impl Args {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Failure> {
        let home = context.home()?;
        let bars = Bars::new(context.printer, "pull");
        let request = RunRequest {
            reference: self.reference,
            mounts: self.mount,
            cpus: self.cpus,
            memory: self.mem,
            env: self
                .env
                .iter()
                .filter_map(|entry| crate::settings::expand_env(entry))
                .collect(),
            user: self.user,
            entrypoint: self.entrypoint,
            working_dir: self.workdir,
            hostname: self.hostname,
            policy: self.policy,
            kernel: self.kernel,
            read_only: self.read_only,
            disk_bytes: self.disk_size.map(|size| size.0),
            root: match (self.fs, self.verity) {
                (Fs::Ext4, _) => RootDisk::Own,
                (Fs::Erofs, true) => RootDisk::Checked,
                (Fs::Erofs, false) => RootDisk::Shared,
            },
            pull: match self.pull {
                Pull::Always => PullPolicy::Always,
                Pull::Missing => PullPolicy::Missing,
                Pull::Never => PullPolicy::Never,
            },
            args: self.args,
        };
        let prepared = home.prepare(request, bars.sink()).await?;
        // From here on the terminal belongs to the workload.
        bars.clear();
        for notice in prepared.notices() {
            tell(context, notice);
        }
        hold(context, home.create(prepared).await?).await
    }
}

fn tell(context: &Context, notice: &Notice) {
    if notice.is_warning() {
        return context.printer.warning(&notice.to_string());
    }
    match hints::of_notice(notice) {
        Some(hint) => context.printer.note(&format!("{notice}; {hint}")),
        None => context.printer.note(&notice.to_string()),
    }
}

/// Holds a machine from its start to its end, with this process's streams and signals.
async fn hold(context: &Context, mut machine: Machine) -> Result<u8, Failure> {
    let mut signals = Signals::install()?;
    let session = tokio::select! {
        session = machine.start() => session?,
        // There is no workload yet that it could be for.
        number = signals.next_demand() => {
            machine.end(Some(Ending::Killed)).await?;
            return Ok(Outcome::Signal(number).exit_status());
        }
    };
    let outcome = attach::carry(session, attach::stdin_is_ours(), &mut signals).await;
    if lazaret_supervisor::is_full(machine.folder()) {
        context
            .printer
            .warning("the disk of this machine is full: what the workload wrote may be incomplete");
    }
    let ended = machine.end(outcome.as_ref().ok().cloned()).await;
    let ending = outcome?;
    ended?;
    match ending {
        Ending::Exit(outcome) => Ok(outcome.exit_status()),
        Ending::Failure(failure) => Err(Failure::Workload(failure)),
        Ending::Killed => Ok(Outcome::Signal(signals.insisted()).exit_status()),
    }
}
