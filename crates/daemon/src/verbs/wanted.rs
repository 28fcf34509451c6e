//! The document that asks for a machine: the flags of `create`, by the same names.

use std::path::PathBuf;

use lazaret_supervisor::notation::hosts::added_host;
use lazaret_supervisor::notation::mounts::{self, Mount};
use lazaret_supervisor::notation::restart::restart;
use lazaret_supervisor::{
    Boot, JailMode, MachineOptions, Naming, NetworkMode, NetworkRequest, Port, PullPolicy, Restart,
    RootDisk, RunRequest, Substrate, signal_number,
};
use lazaret_values::{Capabilities, Size};
use serde::Deserialize;

use super::process::{size, variables};
use crate::fault::Fault;

/// Seconds after which a workload that was asked to end is killed.
const STOP_SECONDS: u64 = 10;

/// A machine that is to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    reference: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    interactive: bool,
    #[serde(default)]
    tty: bool,
    #[serde(default)]
    rows: Option<u16>,
    #[serde(default)]
    columns: Option<u16>,
    #[serde(default)]
    rm: bool,
    name: Option<String>,
    #[serde(default)]
    label: Vec<String>,
    restart: Option<String>,
    stop_signal: Option<String>,
    stop_timeout: Option<u64>,
    timeout: Option<u64>,
    #[serde(default)]
    boot: Boot,
    #[serde(default)]
    substrate: Substrate,
    jail: Option<JailMode>,
    #[serde(default)]
    volume: Vec<String>,
    #[serde(default)]
    mount: Vec<String>,
    #[serde(default)]
    tmpfs: Vec<String>,
    cpus: Option<u32>,
    mem: Option<String>,
    #[serde(default)]
    env: Vec<String>,
    user: Option<String>,
    entrypoint: Option<String>,
    workdir: Option<String>,
    hostname: Option<String>,
    #[serde(default)]
    cap_add: Vec<String>,
    #[serde(default)]
    cap_drop: Vec<String>,
    #[serde(default)]
    privileged: bool,
    policy: Option<PathBuf>,
    network: Option<NetworkMode>,
    #[serde(default)]
    publish: Vec<String>,
    #[serde(default)]
    add_host: Vec<String>,
    #[serde(default)]
    learn: bool,
    ask_timeout: Option<u64>,
    kernel: Option<String>,
    #[serde(default)]
    read_only: bool,
    disk_size: Option<String>,
    #[serde(default)]
    fs: Fs,
    #[serde(default)]
    verity: bool,
    #[serde(default)]
    pull: Pull,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Fs {
    #[default]
    Erofs,
    Ext4,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Pull {
    Always,
    #[default]
    Missing,
    Never,
}

/// Everything that making a machine takes.
pub(super) struct Settled {
    pub(super) request: RunRequest,
    pub(super) naming: Naming,
    pub(super) options: MachineOptions,
}

impl Wanted {
    /// Reads the notations in it. `jail` is for a machine that does not say how it is jailed.
    pub(super) fn settle(self, jail: JailMode) -> Result<Settled, Fault> {
        self.check()?;
        let restart = read("restart", self.restart.as_deref(), restart)?;
        let stop_signal = read("stop_signal", self.stop_signal.as_deref(), |text| {
            signal_number(text).ok_or("expected a name or number, such as TERM or 10")
        })?;
        let disk_size = read("disk_size", self.disk_size.as_deref(), |text| {
            Size::parse_counting(text, Size::MIB)
        })?;
        let options = MachineOptions {
            interactive: self.interactive,
            remove: self.rm,
            restart: restart.unwrap_or(Restart::No),
            stop_signal,
            stop_seconds: self.stop_timeout.unwrap_or(STOP_SECONDS),
            timeout_seconds: self.timeout,
            boot: self.boot,
        };
        if options.remove && options.restart != Restart::No {
            return Err(Fault::usage("rm and restart exclude each other"));
        }
        let (mut artifacts, mut volumes, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        let mut memory_mounts = each("tmpfs", &self.tmpfs, mounts::memory)?;
        let mounts = each("volume", &self.volume, mounts::volume)?;
        for mount in mounts
            .into_iter()
            .chain(each("mount", &self.mount, str::parse::<Mount>)?)
        {
            match mount {
                Mount::Artifact(reference) => artifacts.push(reference),
                Mount::Volume(volume) => volumes.push(volume),
                Mount::Memory(memory) => memory_mounts.push(memory),
                // A client has another working folder than this process.
                Mount::Folder(folder) if folder.source.is_relative() => {
                    let source = folder.source.display();
                    return Err(Fault::usage(format!("'{source}' is not absolute")));
                }
                Mount::Folder(folder) => folders.push(folder),
            }
        }
        let naming = Naming {
            name: self.name,
            labels: labels(&self.label),
        };
        let request = RunRequest {
            reference: self.reference,
            mounts: artifacts,
            volumes,
            folders,
            memory_mounts,
            cpus: self.cpus.map(|cpus| cpus.to_string()),
            memory: self.mem,
            env: self.env,
            user: self.user,
            entrypoint: self.entrypoint,
            working_dir: self.workdir,
            hostname: self.hostname,
            cap_add: each("cap_add", &self.cap_add, Capabilities::parse)?,
            cap_drop: each("cap_drop", &self.cap_drop, Capabilities::parse)?,
            privileged: self.privileged,
            policy: self.policy,
            network: NetworkRequest {
                mode: self.network,
                publish: each("publish", &self.publish, str::parse::<Port>)?,
                hosts: each("add_host", &self.add_host, added_host)?,
                learn: self.learn,
                ask_seconds: self.ask_timeout,
            },
            kernel: self.kernel,
            named: None,
            read_only: self.read_only,
            disk_bytes: disk_size.map(|size| Size::mebibytes(size.in_mebibytes()).0),
            root: match (self.fs, self.verity) {
                (Fs::Ext4, _) => RootDisk::Own,
                (Fs::Erofs, true) => RootDisk::Checked,
                (Fs::Erofs, false) => RootDisk::Shared,
            },
            substrate: self.substrate,
            jail: self.jail.unwrap_or(jail),
            terminal: self.tty.then(|| size(self.rows, self.columns)),
            pull: match self.pull {
                Pull::Always => PullPolicy::Always,
                Pull::Missing => PullPolicy::Missing,
                Pull::Never => PullPolicy::Never,
            },
            args: self.args,
        };
        Ok(Settled {
            request,
            naming,
            options,
        })
    }

    /// Refuses what makes no sense together, as the command line does.
    fn check(&self) -> Result<(), Fault> {
        variables(&self.env)?;
        if self.policy.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err(Fault::usage("policy is an absolute path"));
        }
        let excluded = [
            ("verity", "fs ext4", self.verity && self.fs == Fs::Ext4),
            (
                "read_only",
                "disk_size",
                self.read_only && self.disk_size.is_some(),
            ),
        ];
        match excluded.iter().find(|(_, _, both)| *both) {
            None => Ok(()),
            Some((one, other, _)) => Err(Fault::usage(format!(
                "{one} and {other} exclude each other"
            ))),
        }
    }
}

/// The labels of entries, `KEY` or `KEY=VALUE`.
pub(super) fn labels(entries: &[String]) -> std::collections::BTreeMap<String, String> {
    let label = |entry: &String| {
        let (key, value) = entry.split_once('=').unwrap_or((entry, ""));
        (key.to_owned(), value.to_owned())
    };
    entries.iter().map(label).collect()
}

/// Reads the notation of a member, if it is there.
pub(super) fn read<T, E: ToString>(
    name: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Fault> {
    text.map(|text| one(name, text, parse)).transpose()
}

fn each<T, E: ToString>(
    name: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, Fault> {
    texts.iter().map(|text| one(name, text, &parse)).collect()
}

fn one<T, E: ToString>(
    name: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, Fault> {
    let unusable = |error: E| {
        Fault::usage(format!(
            "{name} '{text}' cannot be used: {}",
            error.to_string()
        ))
    };
    parse(text).map_err(unusable)
}
