//! The flags of `run` and `create`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lazaret_supervisor::notation::hosts::added_host;
use lazaret_supervisor::notation::mounts::{self, Mount};
use lazaret_supervisor::notation::restart::restart;
use lazaret_supervisor::{
    Boot, CheckpointError, Home, JailMode, MachineOptions, MemoryMount, Naming, NetworkMode,
    NetworkRequest, NewMachine, Port, Prepared, PullPolicy, Restart, RootDisk, RunRequest,
    Substrate, TerminalSize,
};
use lazaret_values::{Capabilities, Period, Size};

use super::named::NamedFlags;
use crate::attach;
use crate::commands::rootfs::disk_size;
use crate::commands::signal::signal_number;
use crate::context::Context;
use crate::env_vars;
use crate::failure::Failure;
use crate::hints;
use crate::progress::Bars;

/// The size of a terminal of which nobody has told the size.
const STANDARD_SIZE: TerminalSize = TerminalSize {
    rows: 24,
    columns: 80,
};

/// What is run, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// Give the workload standard input
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Give the workload a terminal
    #[arg(short, long)]
    pub(crate) tty: bool,
    /// Remove the machine when it ends
    #[arg(long)]
    pub(crate) rm: bool,
    /// Name of the machine [default: two words]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Label the machine, `KEY` or `KEY=VALUE`
    #[arg(short, long, value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// Read labels from a file, one a line
    #[arg(long, value_name = "FILE")]
    label_file: Vec<PathBuf>,
    /// Read variables from a file, one a line: `NAME=value`, or `NAME` to pass one on
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// When to start the machine again by itself: `no`, `on-failure[:TIMES]`, `always` or
    /// `unless-stopped`
    #[arg(long, value_name = "POLICY", default_value = "no", value_parser = restart, conflicts_with = "rm")]
    restart: Restart,
    /// Signal by which `stop` asks the workload to end [default: TERM]
    #[arg(long, value_name = "SIGNAL", value_parser = signal_number)]
    stop_signal: Option<u8>,
    /// Seconds after which `stop` kills the workload
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    stop_timeout: u64,
    /// End the machine after this time: seconds, or as `10m`
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    timeout: Option<u64>,
    /// How the machine begins: from a template of its kind, if there is one; by booting its kernel; or
    /// from a template in any case, which is made first
    #[arg(long, value_enum, default_value_t)]
    boot: BootChoice,
    /// Hypervisor: `qemu`, `firecracker` or `cloud-hypervisor`; the latter two need KVM, and have no network,
    /// folders of this host, templates or checkpoints
    #[arg(long, value_name = "NAME", default_value = "qemu")]
    substrate: Substrate,
    /// Whether the hypervisor is jailed: as far as this host can, completely or not at all
    #[arg(long, value_name = "MODE", default_value = "auto", env = env_vars::JAIL)]
    jail: JailMode,
    /// Write the machine's id to a new file
    #[arg(long, value_name = "FILE")]
    pub(crate) cidfile: Option<PathBuf>,
    /// Mount a volume, made if there is none of that name; one without a name; or a folder or file of
    /// this host, `/HOST-PATH:/PATH` or `./HOST-PATH:/PATH`. OPTIONS: `ro`, `nocopy`
    #[arg(short, long, value_name = "SOURCE:/PATH[:OPTIONS] | /PATH", value_parser = mounts::volume)]
    volume: Vec<Mount>,
    /// Mount an artifact (model, tool, knowledge, fileset), at its own path or another; or a volume,
    /// a folder or file of this host, or memory:
    /// `type=volume,source=NAME,target=/PATH[,readonly][,volume-nocopy]`,
    /// `type=bind,source=HOST-PATH,target=/PATH[,readonly]`,
    /// `type=tmpfs,target=/PATH[,tmpfs-size=SIZE][,tmpfs-mode=MODE]`
    #[arg(long, value_name = "REF[:/PATH] | type=TYPE,...")]
    mount: Vec<Mount>,
    /// Mount memory. OPTIONS: `size=`, `mode=`, `uid=`, `gid=`, `ro`, `exec`, `suid`, `dev`
    #[arg(long, value_name = "/PATH[:OPTIONS]", value_parser = mounts::memory)]
    tmpfs: Vec<MemoryMount>,
    /// Processors [default: the sandbox's, else 1]
    #[arg(long, value_name = "N")]
    cpus: Option<String>,
    /// Memory, in MiB or as `512MiB`, `2GiB` [default: the sandbox's, else 512MiB]
    #[arg(short, long, visible_alias = "memory", value_name = "SIZE")]
    mem: Option<String>,
    /// Have the workload keep a capability, or get it back: `NET_ADMIN`, `CAP_NET_ADMIN`, `ALL`
    #[arg(long, value_name = "NAME", value_parser = capability)]
    cap_add: Vec<Capabilities>,
    /// Take a capability from the workload and its children, root among them
    #[arg(long, value_name = "NAME", value_parser = capability)]
    cap_drop: Vec<Capabilities>,
    /// Have the workload keep all capabilities, whatever sandbox and flags say
    #[arg(long)]
    privileged: bool,
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
    /// Connections that the machine may have: none; those that its policy permits; all but those that a
    /// rule denies [default: what policy and ports ask for]
    #[arg(long, value_enum, value_name = "MODE")]
    network: Option<NetworkChoice>,
    /// Lead a TCP port of this host into the machine; of the loopback address unless ADDRESS is given. A
    /// HOST port of 0, or none before the second colon, is one that the host chooses
    #[arg(short, long, value_name = "[[ADDRESS:]HOST:]GUEST[/tcp]")]
    publish: Vec<Port>,
    /// Give a name an address, which may be a private one then, or `host-gateway`, this host itself; the
    /// policy decides on the name as on any other
    #[arg(long, value_name = "NAME:ADDRESS", value_parser = added_host)]
    add_host: Vec<(String, IpAddr)>,
    /// Let pass what no rule denies, and record it: see `lazaret policy learn`
    #[arg(long)]
    learn: bool,
    /// Time for a person to answer what the policy asks about: seconds, or as `10m`
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    ask_timeout: Option<u64>,
    /// Kernel, by its name in `lazaret kernel ls`, or in the document
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    #[command(flatten)]
    named: NamedFlags,
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
    /// Go on where a machine was at this checkpoint, instead of starting an image
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = OF_IMAGES)]
    pub(crate) from: Option<String>,
    /// `registry/repository[:tag][@digest]`, or the name of a cached image
    #[arg(required_unless_present_any = ["from", "guest_image"])]
    reference: Option<String>,
    /// Command: it replaces the image's command or the agent's arguments; `--` may stand before it
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    args: Vec<String>,
}

/// What a machine has already that goes on from a checkpoint.
const OF_IMAGES: [&str; 28] = [
    "env_file",
    "boot",
    "substrate",
    "volume",
    "mount",
    "tmpfs",
    "cpus",
    "mem",
    "env",
    "user",
    "entrypoint",
    "workdir",
    "policy",
    "network",
    "publish",
    "add_host",
    "learn",
    "ask_timeout",
    "kernel",
    "protection_mode",
    "config",
    "read_only",
    "disk_size",
    "fs",
    "verity",
    "pull",
    "reference",
    "args",
];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum BootChoice {
    #[default]
    Auto,
    Cold,
    Template,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum NetworkChoice {
    None,
    Policy,
    Open,
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

/// What the reference of a run names.
pub(crate) enum Of {
    /// An image, an agent or a bundle.
    Images,
    /// A pack, which one of these public keys must have signed, if there are any.
    Pack(Vec<PathBuf>),
}

/// Everything that making a machine takes.
pub(crate) struct Wanted {
    pub(crate) prepared: Prepared,
    pub(crate) naming: Naming,
    pub(crate) options: MachineOptions,
}

impl Flags {
    /// Fetches and settles what the flags ask for, and tells the user what is to be told.
    /// The policy file of the project, if no flag says by which policy or how the machine has a network.
    pub(crate) fn unused_policy(&self) -> Option<PathBuf> {
        let is_settled = self.policy.is_some() || self.network.is_some();
        let folder = std::env::current_dir().ok().filter(|_| !is_settled)?;
        lazaret_supervisor::find_policy(&folder)
    }

    pub(crate) async fn prepare(
        self,
        context: &Context,
        home: &Home,
        of: &Of,
    ) -> Result<Wanted, Failure> {
        let bars = Bars::new(context.printer, "pull");
        let (naming, options) = (self.naming()?, self.options());
        let request = self.request(context, home)?;
        let prepared = match of {
            Of::Images => home.prepare(request, bars.sink()).await?,
            Of::Pack(keys) => home.prepare_pack(request, keys).await?,
        };
        // From here on the terminal belongs to the workload.
        bars.clear();
        for notice in prepared.notices() {
            tell(context, notice);
        }
        Ok(Wanted {
            prepared,
            naming,
            options,
        })
    }

    /// Refuses flags that say what a pack has settled.
    pub(crate) fn check_for_pack(&self) -> Result<(), Failure> {
        let given = [
            ("--kernel", self.kernel.is_some()),
            ("--from", self.from.is_some()),
            ("--verity", self.verity),
            ("--fs", self.fs != Fs::default()),
            ("--pull", self.pull != Pull::default()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((flag, _)) => Err(Failure::usage_with(
                format!("a pack has no use for {flag}"),
                "kernel and disks are in the pack",
            )),
        }
    }

    fn naming(&self) -> Result<Naming, Failure> {
        Ok(Naming {
            name: self.name.clone(),
            labels: self.labels()?,
        })
    }

    fn options(&self) -> MachineOptions {
        MachineOptions {
            interactive: self.interactive,
            remove: self.rm,
            restart: self.restart,
            stop_signal: self.stop_signal,
            stop_seconds: self.stop_timeout,
            timeout_seconds: self.timeout,
            boot: match self.boot {
                BootChoice::Auto => Boot::Auto,
                BootChoice::Cold => Boot::Cold,
                BootChoice::Template => Boot::Template,
            },
        }
    }

    /// The checkpoint from which the machine is to go on, if there is one, and what else is settled.
    pub(crate) fn replica(&self, home: &Home) -> Result<Option<(String, NewMachine)>, Failure> {
        let Some(name) = self.from.clone() else {
            return Ok(None);
        };
        let machine = home.checkpoint(&name)?.checkpoint.machine;
        let lacks = |what| {
            lazaret_supervisor::Error::from(CheckpointError::Lacks {
                checkpoint: name.clone(),
                what,
            })
        };
        if self.tty && !machine.has_terminal() {
            return Err(lacks("terminal").into());
        }
        if self.interactive && !machine.options.interactive {
            return Err(lacks("standard input").into());
        }
        let new = NewMachine {
            naming: self.naming()?,
            options: self.options(),
            hostname: self.hostname.clone(),
        };
        Ok(Some((name, new)))
    }

    fn request(mut self, context: &Context, home: &Home) -> Result<RunRequest, Failure> {
        let kernel = self.kernel.as_deref();
        let named =
            std::mem::take(&mut self.named).request(context, home, kernel, self.substrate)?;
        if named
            .as_ref()
            .is_some_and(|named| named.guest_image.is_some())
        {
            // There is no reference then: all that follows is the command.
            self.args.splice(0..0, self.reference.take());
        }
        let mut env = Vec::new();
        for file in &self.env_file {
            env.extend(lines(file)?);
        }
        env.extend(self.env);
        let terminal = self.tty.then(terminal_size);
        let mut memory_mounts = self.tmpfs;
        let (mut artifacts, mut volumes, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        for mount in self.volume.into_iter().chain(self.mount) {
            match mount {
                Mount::Artifact(reference) => artifacts.push(reference),
                Mount::Volume(volume) => volumes.push(volume),
                Mount::Memory(memory) => memory_mounts.push(memory),
                Mount::Folder(folder) => folders.push(folder),
            }
        }
        Ok(RunRequest {
            reference: self.reference.unwrap_or_default(),
            mounts: artifacts,
            volumes,
            folders,
            memory_mounts,
            cpus: self.cpus,
            memory: self.mem,
            env: env
                .iter()
                .filter_map(|entry| crate::settings::expand_env(entry))
                .collect(),
            cap_add: self.cap_add,
            cap_drop: self.cap_drop,
            privileged: self.privileged,
            user: self.user,
            entrypoint: self.entrypoint,
            working_dir: self.workdir,
            hostname: self.hostname,
            policy: self.policy,
            network: NetworkRequest {
                mode: self.network.map(|choice| match choice {
                    NetworkChoice::None => NetworkMode::None,
                    NetworkChoice::Policy => NetworkMode::Policy,
                    NetworkChoice::Open => NetworkMode::Open,
                }),
                publish: self.publish,
                hosts: self.add_host,
                learn: self.learn,
                ask_seconds: self.ask_timeout,
            },
            kernel: self.kernel,
            named,
            read_only: self.read_only,
            disk_bytes: self.disk_size.map(|size| size.0),
            root: match (self.fs, self.verity) {
                (Fs::Ext4, _) => RootDisk::Own,
                (Fs::Erofs, true) => RootDisk::Checked,
                (Fs::Erofs, false) => RootDisk::Shared,
            },
            terminal,
            substrate: self.substrate,
            jail: self.jail,
            pull: match self.pull {
                Pull::Always => PullPolicy::Always,
                Pull::Missing => PullPolicy::Missing,
                Pull::Never => PullPolicy::Never,
            },
            args: self.args,
        })
    }

    fn labels(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut labels = BTreeMap::new();
        for file in &self.label_file {
            labels.extend(lines(file)?.iter().map(|line| label(line)));
        }
        labels.extend(self.label.iter().map(|entry| label(entry)));
        Ok(labels)
    }
}

fn tell(context: &Context, notice: &lazaret_supervisor::Notice) {
    let text = match hints::of_notice(notice) {
        Some(hint) => format!("{notice} ({hint})"),
        None => notice.to_string(),
    };
    match notice.is_warning() {
        true => context.printer.warning(&text),
        false => context.printer.note(&text),
    }
}

pub(crate) fn label(entry: &str) -> (String, String) {
    let (key, value) = entry.split_once('=').unwrap_or((entry, ""));
    (key.to_owned(), value.to_owned())
}

/// The size of this process's terminal, or a usual one.
pub(crate) fn terminal_size() -> TerminalSize {
    attach::size().unwrap_or(STANDARD_SIZE)
}

/// The lines of a file of settings; empty ones and those that begin with `#` say nothing.
pub(crate) fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::io(format!("read '{}'", path.display()), error))?;
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = text.lines().filter(says);
    Ok(lines.map(|line| line.trim_start().to_owned()).collect())
}

fn capability(text: &str) -> Result<Capabilities, String> {
    Capabilities::parse(text).map_err(|error| error.to_string())
}

/// Seconds, or a time with units.
fn seconds(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let period: Period = text
        .parse()
        .map_err(|error: lazaret_values::Error| error.to_string())?;
    Ok(period.duration().as_secs())
}
