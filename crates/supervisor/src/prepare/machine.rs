//! A machine of a document (`machines.NAME`) as a run.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lazaret_values::nearest;
use lazaret_variants::{Architecture, Connection, Document, Machine, Substrate};
use lazaret_vm::{JailMode, Substrate as Hypervisor};

use super::named::NamedRequest;
use super::request::{NetworkRequest, PullPolicy, RootDisk, RunRequest};
use crate::build_error::BuildError;
use crate::machines::Naming;
use crate::{Error, Home};

/// The label with the name that a machine has in its document.
pub const MACHINE_LABEL: &str = "dev.lazaret.port.machine";
/// The label with the path of that document.
pub const DOCUMENT_LABEL: &str = "dev.lazaret.port.document";

/// A machine of a document, found.
///
/// # Errors
/// [`BuildError::NoMachine`].
pub fn find_machine<'a>(document: &'a Document, name: &str) -> Result<&'a Machine, Error> {
    let names = document.machines.keys().map(String::as_str);
    document.machines.get(name).ok_or_else(|| {
        Error::Build(BuildError::NoMachine {
            name: lazaret_values::Printable::excerpt(name),
            nearest: nearest(name, names).map(str::to_owned),
        })
    })
}

impl Home {
    /// The run of a machine of a document, and how it is named.
    ///
    /// # Errors
    /// [`BuildError::NoMachine`], [`BuildError::NotLocal`], [`BuildError::ForeignMachine`],
    /// [`BuildError::NoSubstrate`] and [`BuildError::Volume`].
    pub fn machine_request(
        &self,
        document: &Document,
        path: &Path,
        name: &str,
        jail: JailMode,
    ) -> Result<(RunRequest, Naming), Error> {
        let machine = find_machine(document, name)?;
        check_host(document, machine)?;
        let substrate = hypervisor_of(machine)?;
        let path = std::path::absolute(path).map_err(Error::io("find", path))?;
        let naming = Naming {
            name: Some(machine.name.clone()),
            labels: BTreeMap::from([
                (MACHINE_LABEL.to_owned(), machine.name.clone()),
                (DOCUMENT_LABEL.to_owned(), path.display().to_string()),
            ]),
        };
        let named = NamedRequest {
            document: document.clone(),
            selector: machine.selector(),
            has_kernel: true,
            guest_image: Some(machine.guest_image.clone()),
            kernel_args: machine.kernel_args.clone(),
            control_port: Some(machine.guest.control_port),
            disks: self.disks_of(machine)?,
        };
        Ok((request(machine, named, substrate, jail), naming))
    }

    /// The files that are disks of a machine; no other machine may use them now.
    fn disks_of(&self, machine: &Machine) -> Result<Vec<PathBuf>, Error> {
        let mut disks = Vec::new();
        for volume in &machine.volumes {
            let refused = |reason: String| BuildError::Volume {
                name: volume.name.clone(),
                machine: machine.name.clone(),
                reason,
            };
            let path = std::fs::canonicalize(&volume.path);
            let path =
                path.map_err(|error| refused(format!("{}: {error}", volume.path.display())))?;
            if !path.is_file() {
                let reason = format!("{} is no regular file", path.display());
                return Err(Error::Build(refused(reason)));
            }
            let users =
                self.machines.list()?.into_iter().filter(|found| {
                    found.state.life.is_held() && found.spec.launch.uses_file(&path)
                });
            if let Some(user) = { users }.next() {
                let reason = format!("machine '{}' uses it", user.spec.name);
                return Err(Error::Build(refused(reason)));
            }
            disks.push(path);
        }
        Ok(disks)
    }
}

fn request(
    machine: &Machine,
    named: NamedRequest,
    substrate: Hypervisor,
    jail: JailMode,
) -> RunRequest {
    RunRequest {
        reference: String::new(),
        mounts: Vec::new(),
        volumes: Vec::new(),
        folders: Vec::new(),
        memory_mounts: Vec::new(),
        cpus: Some(machine.vcpu_count.to_string()),
        memory: Some(machine.memory_mib.to_string()),
        cap_add: Vec::new(),
        cap_drop: Vec::new(),
        privileged: false,
        env: Vec::new(),
        user: None,
        entrypoint: None,
        working_dir: None,
        hostname: None,
        policy: None,
        network: NetworkRequest::default(),
        kernel: Some(machine.kernel.clone()),
        named: Some(named),
        substrate,
        read_only: machine.rootfs_read_only,
        disk_bytes: None,
        root: RootDisk::Shared,
        terminal: None,
        jail,
        pull: PullPolicy::Never,
        args: Vec::new(),
    }
}

/// Only this host's own machines are started here.
fn check_host(document: &Document, machine: &Machine) -> Result<(), BuildError> {
    let connection = document
        .hosts
        .get(&machine.host)
        .map(|host| &host.connection);
    let how = match connection {
        Some(Connection::Local) => return Ok(()),
        Some(Connection::Ssh { destination, .. }) => format!("reached over SSH at {destination}"),
        Some(Connection::HostedControlPlane { control_plane }) => {
            format!("behind the control plane '{control_plane}'")
        }
        None => "not in the document".to_owned(),
    };
    Err(BuildError::NotLocal {
        machine: machine.name.clone(),
        host: machine.host.clone(),
        how,
    })
}

/// The hypervisor of a machine, which has to be one for this host's architecture.
fn hypervisor_of(machine: &Machine) -> Result<Hypervisor, BuildError> {
    let wanted = machine.architecture.resolved()?;
    if Architecture::of_this_machine() != Some(wanted) {
        return Err(BuildError::ForeignMachine {
            machine: machine.name.clone(),
            wanted: wanted.to_string(),
            native: std::env::consts::ARCH,
        });
    }
    match machine.substrate {
        Substrate::Qemu => Ok(Hypervisor::Qemu),
        Substrate::Firecracker => Ok(Hypervisor::Firecracker),
        Substrate::CloudHypervisor => Ok(Hypervisor::CloudHypervisor),
        Substrate::Avf => Err(BuildError::NoSubstrate {
            substrate: machine.substrate.to_string(),
        }),
    }
}

/// The lane of variants that a hypervisor takes.
#[must_use]
pub fn lane_of(hypervisor: Hypervisor) -> Substrate {
    match hypervisor {
        Hypervisor::Qemu => Substrate::Qemu,
        Hypervisor::Firecracker => Substrate::Firecracker,
        Hypervisor::CloudHypervisor => Substrate::CloudHypervisor,
    }
}
