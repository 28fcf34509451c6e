//! Merges the settings of a run: the command line over the artifact, the artifact over the image.

mod command;
mod environment;
mod flags;

use lazaret_oci::{ImageConfig, Reference};
use lazaret_policy::Document;
use lazaret_values::Capabilities;

pub use flags::RunFlags;

use crate::{
    ArtifactMount, Credential, Error, GuestPath, Integration, PolicyFile, Port, Resolved, Volume,
    Warning,
};

/// Number of processors of a machine when nothing sets it.
pub const DEFAULT_CPUS: u32 = 1;

/// Memory of a machine in MiB when nothing sets it.
pub const DEFAULT_MEMORY_MIB: u64 = 512;

/// A run in full: the image, the command, and all of its surroundings.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpec {
    /// `metadata.name` of the agent or bundle.
    pub name: Option<String>,
    /// The image to boot.
    pub image: Reference,
    /// Program and arguments, at least one.
    pub argv: Vec<String>,
    /// `NAME=value`: from the image, then the agent, then the command line; always with a `PATH`.
    pub env: Vec<String>,
    /// `user`, `uid`, `user:group` or `uid:gid`; empty means root.
    pub user: String,
    /// Working folder; empty means `/`.
    pub working_dir: String,
    /// Published ports, one for each port of the machine.
    pub ports: Vec<Port>,
    /// Volumes, one for each path.
    pub volumes: Vec<Volume>,
    /// Folders that the image wants to exist, absolute.
    pub image_volumes: Vec<String>,
    /// Whole processors.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Size in MiB of the disk that the machine writes to; `None` leaves it to the runner.
    pub disk_mib: Option<u64>,
    /// The capabilities that the workload keeps; all without it.
    pub capabilities: Option<Capabilities>,
    /// Egress policy; `None` leaves it to the runner.
    pub policy: Option<PolicyFile>,
    /// The integrations of the bundle's policies.
    pub integrations: Vec<Integration>,
    /// Credentials that the agent needs.
    pub credentials: Vec<Credential>,
    /// Artifacts to mount, folders before the mounts below them.
    pub mounts: Vec<ArtifactMount>,
    /// Warnings for the user.
    pub warnings: Vec<Warning>,
}

impl RunSpec {
    /// Merges the settings of the artifacts and of the command line into those of the image.
    ///
    /// A `--policy` replaces the bundle's policies; the integrations that it may name are those
    /// of the bundle. Ports and volumes add up; one of the command line replaces
    /// the agent's for the same port or path.
    ///
    /// # Errors
    /// [`Error::NoCommand`]; [`Error::MountConflict`] when a volume has an artifact's path.
    pub fn merge(resolved: Resolved, image: &ImageConfig, flags: RunFlags) -> Result<Self, Error> {
        let agent = &resolved.agent;
        let argv = command::argv(agent, &image.config, &flags)?;
        let capabilities = capabilities(resolved.capabilities, &flags);
        let mut warnings = resolved.warnings;
        if command::shell_ignores_arguments(agent, &flags) {
            warnings.push(Warning::ShellArguments);
        }
        let volumes = over(&agent.volumes, flags.volumes, |volume| volume.path.clone());
        refuse_taken(&volumes, &resolved.mounts)?;
        let resources = resolved.resources;
        Ok(Self {
            argv,
            env: environment::merge(&image.config.env, &agent.env, &flags.env),
            user: first(flags.user, &agent.user, &image.config.user),
            working_dir: first(
                flags.working_dir,
                &agent.working_dir,
                &image.config.working_dir,
            ),
            ports: over(&agent.ports, flags.ports, |port| port.guest),
            volumes,
            image_volumes: image.config.volumes.keys().cloned().collect(),
            cpus: flags.cpus.or(resources.cpus).unwrap_or(DEFAULT_CPUS),
            memory_mib: flags
                .memory_mib
                .or(resources.memory_mib)
                .unwrap_or(DEFAULT_MEMORY_MIB),
            disk_mib: resources.disk_mib,
            capabilities,
            policy: flags.policy.or(resolved.policy),
            integrations: resolved.integrations,
            credentials: agent.credentials.clone(),
            name: resolved.name,
            image: resolved.image,
            mounts: resolved.mounts,
            warnings,
        })
    }
}

impl RunSpec {
    /// The documents that decide what the run may reach: those of the policy that was given, or of
    /// the bundle's. Without any, the run reaches nothing.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        let policy = self.policy.as_ref();
        policy.map_or_else(Vec::new, |policy| policy.documents().to_vec())
    }
}

/// The sandbox's capabilities, or all, changed by the command line.
fn capabilities(sandbox: Option<Capabilities>, flags: &RunFlags) -> Option<Capabilities> {
    if flags.privileged {
        return None;
    }
    let base = sandbox.unwrap_or(Capabilities::ALL);
    let kept = base.changed(&flags.cap_add, &flags.cap_drop);
    (kept != Capabilities::ALL).then_some(kept)
}

fn first(flag: Option<String>, agent: &Option<String>, image: &str) -> String {
    flag.or_else(|| agent.clone())
        .unwrap_or_else(|| image.to_owned())
}

/// `base`, in which entries of `over` replace those with the same key; other entries are added.
fn over<T: Clone, K: PartialEq>(base: &[T], over: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut merged: Vec<T> = Vec::new();
    for entry in base.iter().cloned().chain(over) {
        match merged.iter_mut().find(|have| key(have) == key(&entry)) {
            Some(have) => *have = entry,
            None => merged.push(entry),
        }
    }
    merged
}

fn refuse_taken(volumes: &[Volume], mounts: &[ArtifactMount]) -> Result<(), Error> {
    let taken = |path: &GuestPath| mounts.iter().find(|mount| mount.target.path == *path);
    for volume in volumes {
        if let Some(mount) = taken(&volume.path) {
            return Err(Error::MountConflict {
                path: volume.path.to_string(),
                reason: "the path is taken by",
                first: mount.reference.to_string(),
                second: volume.to_string(),
            });
        }
    }
    Ok(())
}
