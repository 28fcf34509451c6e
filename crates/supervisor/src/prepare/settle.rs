//! The last steps of settling a run, whatever its disks and its kernel come from.

use std::path::PathBuf;

use lazaret_artifacts::{GuestPath, RunSpec, Volume};
use lazaret_images::Lease;
use lazaret_protocol::MemoryMount;
use lazaret_vm::kernel::Kernel;
use lazaret_vm::{BootRanges, Feature};

use super::artifacts::Artifacts;
use super::design::Parts;
use super::notice::{self, Notice};
use super::prepared::Prepared;
use super::request::{RunRequest, check_disk_size};
use super::root::Root;
use super::{folders, mounts, network};
use crate::kernel::FetchedKernel;
use crate::machines::{PackUse, Program};
use crate::{Error, Home};

/// What a machine boots.
pub(super) struct Boot {
    pub(super) kernel: Kernel,
    pub(super) initramfs: PathBuf,
    /// Where both are in their files, if these are more than that.
    pub(super) ranges: Option<BootRanges>,
    /// The pack that they are in.
    pub(super) pack: Option<PackUse>,
}

/// Everything about a run but its disks.
pub(super) struct Found {
    pub(super) spec: RunSpec,
    pub(super) hostname: String,
    /// Digest of the image's manifest.
    pub(super) image_digest: String,
    pub(super) stop_signal: Option<u8>,
    pub(super) boot: Boot,
    pub(super) volumes: Vec<mounts::Named>,
    pub(super) folders: Vec<folders::Settled>,
    pub(super) memory: Vec<(GuestPath, MemoryMount)>,
    pub(super) program: Program,
    pub(super) fetched: Option<FetchedKernel>,
    pub(super) lease: Lease,
}

/// Size of the disk that the machine writes to, in bytes.
pub(super) fn disk_bytes(request: &RunRequest, spec: &RunSpec) -> Result<Option<u64>, Error> {
    let of_sandbox = spec.disk_mib.map(|mib| mib << 20);
    let disk_bytes = request.disk_bytes.or(of_sandbox);
    check_disk_size(disk_bytes)?;
    Ok(disk_bytes)
}

impl Home {
    /// Settles services, accelerator and network, and joins everything.
    pub(super) async fn settle_run(
        &self,
        request: RunRequest,
        found: Found,
        (root, artifacts): (Root, Option<Artifacts>),
    ) -> Result<Prepared, Error> {
        let disk_bytes = disk_bytes(&request, &found.spec)?;
        let mut spec = found.spec;
        let run = self.run_integrations(&spec)?;
        set_variables(&mut spec, &run.env);
        let Boot {
            kernel,
            initramfs,
            ranges: boot_ranges,
            pack,
        } = found.boot;
        let program = found.program.with_jail(request.jail);
        let substrate = program.substrate;
        let booted = (&kernel, &*initramfs, boot_ranges.clone());
        let (accelerator, verdict) = self.accelerator(substrate, program.jail, booted).await?;
        let news = verdict.filter(|verdict| self.is_news(verdict));
        let network = network::settle(&request, &spec, run.integrations.clone())?;
        if network.is_some() {
            substrate.require(Feature::Network)?;
        }
        let mut notices = notice::collect(&spec, network.is_some(), news.as_ref());
        notices.splice(0..0, run.notices.iter().cloned().map(Notice::Credential));
        let folders = found.folders;
        let is_attached = |volume: &Volume| folders.iter().any(|folder| folder.volume == *volume);
        notices.retain(
            |notice| !matches!(notice, Notice::VolumeUnattached(volume) if is_attached(volume)),
        );
        notices.extend(found.fetched.map(Notice::KernelFetched));
        let mut volumes = mounts::attach(&spec, &found.volumes, &folders, &self.volumes);
        let mut words = Vec::new();
        if let Some(named) = &request.named {
            words = named.words(&found.hostname, request.read_only);
            volumes.disks.extend(mounts::own_files(&named.disks));
        }
        let design = Parts {
            spec,
            hostname: found.hostname,
            root,
            artifacts,
            image_digest: found.image_digest,
            stop_signal: found.stop_signal,
            program,
            templates: self.templates(),
            volumes_folder: self.volumes.folder().to_owned(),
            volumes,
            integrations: run.record(self.secret_settings()),
            memory: found.memory.into_iter().map(|(_, mount)| mount).collect(),
            kernel,
            initramfs,
            boot_ranges,
            pack,
            accelerator,
            read_only: request.read_only,
            disk_bytes,
            terminal: request.terminal,
            network,
            words,
            lease: found.lease,
        }
        .design()?;
        Ok(Prepared { design, notices })
    }
}

/// Sets variables of the workload; those that are empty count as not set.
fn set_variables(spec: &mut RunSpec, variables: &[(String, String)]) {
    for (name, value) in variables {
        spec.env
            .retain(|entry| entry.split('=').next() != Some(name));
        spec.env.push(format!("{name}={value}"));
    }
}
