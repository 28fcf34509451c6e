//! The request for a run.

use std::net::IpAddr;
use std::path::PathBuf;

use lazaret_artifacts::{GuestPath, MountFlag, Port, RunFlags, parse_cpus, parse_memory_flag};
use lazaret_oci::Registry;
use lazaret_protocol::{MemoryMount, TerminalSize};
use lazaret_values::{Capabilities, Printable};
use lazaret_vm::{JailMode, Substrate};
use serde_json::Value;

use super::folders::FolderRequest;
use super::mounts::VolumeRequest;
use super::named::NamedRequest;
use crate::machines::NetworkMode;
use crate::policy_file::read_policy;
use crate::{Error, Setting, room};

/// When to ask a registry for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPolicy {
    /// Always, even if the store has the image.
    Always,
    /// Only if the store does not have the image.
    Missing,
    /// Never, even if the store does not have the image.
    Never,
}

/// The kind of root disk of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RootDisk {
    /// The image's EROFS, shared by all machines of that image, with an overlay for each machine.
    #[default]
    Shared,
    /// The same with a dm-verity tree, so that the guest's kernel checks every block.
    Checked,
    /// A writable ext4 of the machine's own, made for it and removed with it.
    Own,
}

/// The network of a run.
#[derive(Debug, Clone, Default)]
pub struct NetworkRequest {
    /// Which connections the machine may have; what its policy asks for unless it is given.
    pub mode: Option<NetworkMode>,
    /// Ports of the host that lead into the machine.
    pub publish: Vec<Port>,
    /// Whether what no rule denies passes, to be recorded.
    pub learn: bool,
    /// Names whose address the user gives, in lower case.
    pub hosts: Vec<(String, IpAddr)>,
    /// Seconds that a request waits for a person.
    pub ask_seconds: Option<u64>,
}

/// A run as the command line asks for it; an empty value means that it was not given.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The reference or name to run.
    pub reference: String,
    /// Artifacts to mount: `REF[:/path]`.
    pub mounts: Vec<String>,
    /// Volumes to mount.
    pub volumes: Vec<VolumeRequest>,
    /// Folders and files of the host to mount.
    pub folders: Vec<FolderRequest>,
    /// File systems in memory to mount.
    pub memory_mounts: Vec<MemoryMount>,
    /// Number of processors.
    pub cpus: Option<String>,
    /// Size of the memory, in MiB or with a unit.
    pub memory: Option<String>,
    /// Capabilities that the workload keeps or gets back.
    pub cap_add: Vec<Capabilities>,
    /// Capabilities that the workload does not keep.
    pub cap_drop: Vec<Capabilities>,
    /// Whether the workload keeps all capabilities.
    pub privileged: bool,
    /// Environment variables: `NAME=value`.
    pub env: Vec<String>,
    /// The user: `user[:group]`.
    pub user: Option<String>,
    /// The program to run.
    pub entrypoint: Option<String>,
    /// The working folder.
    pub working_dir: Option<String>,
    /// The host name.
    pub hostname: Option<String>,
    /// The path of the policy file.
    pub policy: Option<PathBuf>,
    /// The network.
    pub network: NetworkRequest,
    /// The name of the kernel.
    pub kernel: Option<String>,
    /// What is named in a document: the kernel, a guest image.
    pub named: Option<NamedRequest>,
    /// Whether writes to the root file system are refused.
    pub read_only: bool,
    /// Size of the disk that the machine writes to, in bytes.
    pub disk_bytes: Option<u64>,
    /// The kind of root disk.
    pub root: RootDisk,
    /// The size of the workload's terminal, if it has one.
    pub terminal: Option<TerminalSize>,
    /// The hypervisor that executes the machine.
    pub substrate: Substrate,
    /// How it is jailed.
    pub jail: JailMode,
    /// When to pull the image.
    pub pull: PullPolicy,
    /// Arguments of the program.
    pub args: Vec<String>,
}

impl RunRequest {
    /// The settings that override artifact and image.
    pub(crate) fn flags(&self) -> Result<RunFlags, Error> {
        if self.read_only && self.root == RootDisk::Own {
            return Err(Error::ReadOnlyOwnDisk);
        }
        let scalar = |text: &String| match text.parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(text.clone()),
        };
        let env = self.env.iter().map(|entry| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            if name.is_empty() || name.contains('\0') || value.contains('\0') {
                let reason = "expected NAME=value".to_owned();
                return Err(Error::Setting {
                    setting: Setting::Environment,
                    value: entry.clone(),
                    reason,
                });
            }
            Ok((name.to_owned(), value.to_owned()))
        });
        let cpus = self.cpus.as_ref().map(|text| parse_cpus(&scalar(text)));
        let cpus = cpus.transpose()?;
        check_processors(cpus.unwrap_or_default())?;
        check_disk_size(self.disk_bytes)?;
        if let Some(name) = &self.hostname {
            check_host_name(name)?;
        }
        Ok(RunFlags {
            cpus,
            memory_mib: self
                .memory
                .as_ref()
                .map(|text| parse_memory_flag(text))
                .transpose()?,
            cap_add: self.cap_add.clone(),
            cap_drop: self.cap_drop.clone(),
            privileged: self.privileged,
            env: env.collect::<Result<_, _>>()?,
            user: self.user.clone(),
            working_dir: self.working_dir.clone(),
            entrypoint: self.entrypoint.clone(),
            args: self.args.clone(),
            ports: self.network.publish.clone(),
            volumes: Vec::new(),
            policy: self.policy.as_deref().map(read_policy).transpose()?,
        })
    }

    /// The file systems in memory, with their checked paths.
    pub(super) fn memory(&self) -> Result<Vec<(GuestPath, MemoryMount)>, Error> {
        let check = |mount: &MemoryMount| Ok((mount.target.parse::<GuestPath>()?, mount.clone()));
        self.memory_mounts.iter().map(check).collect()
    }

    /// The mounts. A reference without a host is in the registry of the reference that is run.
    pub(super) fn mounts(&self, registry: &Registry) -> Result<Vec<MountFlag>, Error> {
        let parse = |text: &String| MountFlag::parse(text, Some(registry)).map_err(Error::from);
        self.mounts.iter().map(parse).collect()
    }
}

/// A machine with more processors than the host has would only get in its own way, and QEMU
/// refuses one with KVM.
pub(super) fn check_processors(wanted: u32) -> Result<(), Error> {
    let have = std::thread::available_parallelism().map_or(u32::MAX, |count| {
        u32::try_from(count.get()).unwrap_or(u32::MAX)
    });
    if wanted <= have {
        return Ok(());
    }
    Err(Error::Setting {
        setting: Setting::Processors,
        value: wanted.to_string(),
        reason: format!("this machine has {have}"),
    })
}

pub(super) fn check_disk_size(wanted: Option<u64>) -> Result<(), Error> {
    match wanted {
        Some(bytes) if bytes < room::LEAST => Err(Error::Setting {
            setting: Setting::DiskSize,
            value: format!("{} MiB", bytes >> 20),
            reason: format!("it has at least {} MiB", room::LEAST >> 20),
        }),
        _ => Ok(()),
    }
}

/// Checks a host name as in RFC 1123, section 2.1: labels of letters, digits and hyphens, with dots
/// between. Linux takes 64 bytes.
fn check_host_name(name: &str) -> Result<(), Error> {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let ends = |label: &str| label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && label.len() <= 63 && label.bytes().all(is_plain) && !ends(label)
    };
    if name.len() <= 64 && name.split('.').all(is_label) {
        return Ok(());
    }
    Err(Error::Setting {
        setting: Setting::HostName,
        value: Printable::new(name).to_string(),
        reason:
            "expected labels of letters, digits and inner hyphens, with dots between: 63 a label, \
                 64 in all"
                .to_owned(),
    })
}

#[cfg(test)]
mod tests;
