//! Joins everything that was found to the design of a machine.

use std::path::PathBuf;

use lazaret_artifacts::RunSpec;
use lazaret_images::Lease;
use lazaret_oci::Reference;
use lazaret_protocol::{MemoryMount, TerminalSize};
use lazaret_vm::kernel::Kernel;
use lazaret_vm::{Accelerator, BootRanges, MAX_DISKS};

use super::artifacts::Artifacts;
use super::mounts::Attached;
use super::network::{self, Settled};
use super::request::{RootDisk, check_processors};
use super::root::Root;
use super::{boot, scratch, serial};
use crate::Error;
use crate::integrations::RunRecord;
use crate::machines::{Design, DiskContent, DiskDesign, PackUse, Program};

/// An image as people name it: its digest only if it has no tag.
fn named(image: &Reference) -> String {
    let mut image = image.clone();
    if image.tag.is_some() {
        image.digest = None;
    }
    image.to_string()
}

/// Everything that was found for a machine.
pub(super) struct Parts {
    pub(super) spec: RunSpec,
    pub(super) hostname: String,
    pub(super) root: Root,
    pub(super) artifacts: Option<Artifacts>,
    /// Digest of the image's manifest.
    pub(super) image_digest: String,
    pub(super) stop_signal: Option<u8>,
    pub(super) program: Program,
    pub(super) templates: PathBuf,
    pub(super) volumes_folder: PathBuf,
    pub(super) volumes: Attached,
    pub(super) memory: Vec<MemoryMount>,
    pub(super) integrations: Option<RunRecord>,
    pub(super) kernel: Kernel,
    pub(super) initramfs: PathBuf,
    pub(super) boot_ranges: Option<BootRanges>,
    pub(super) pack: Option<PackUse>,
    pub(super) accelerator: Accelerator,
    pub(super) read_only: bool,
    /// Size of the scratch disk in bytes.
    pub(super) disk_bytes: Option<u64>,
    pub(super) terminal: Option<TerminalSize>,
    pub(super) network: Option<Settled>,
    /// Further words of the kernel's command line.
    pub(super) words: Vec<String>,
    pub(super) lease: Lease,
}

impl Parts {
    /// Makes the design of the machine.
    pub(super) fn design(self) -> Result<Design, Error> {
        check_processors(self.spec.cpus)?;
        let (artifacts, mounts) = match self.artifacts {
            Some(artifacts) => (Some(artifacts.content), artifacts.mounts),
            None => (None, Vec::new()),
        };
        let (network, guest) = self
            .network
            .map(|settled| (settled.launch, settled.guest))
            .unzip();
        let mut boot = boot::config(
            &self.spec,
            self.hostname,
            self.read_only,
            &self.root,
            mounts,
            (&self.volumes, self.memory),
            self.terminal,
        );
        if let Some(network) = &network {
            network::add_variables(network, &mut boot.process.env);
        }
        boot.network = guest;
        boot::check(&boot)?;
        let is_own = self.root.kind == RootDisk::Own;
        let mut disks = vec![DiskDesign {
            serial: serial::ROOT.to_owned(),
            read_only: !is_own,
            content: self.root.content,
        }];
        disks.extend(artifacts.map(|content| DiskDesign {
            serial: serial::ARTIFACTS.to_owned(),
            read_only: true,
            content,
        }));
        if !self.read_only && !is_own {
            let bytes = self.disk_bytes;
            disks.push(DiskDesign {
                serial: serial::SCRATCH.to_owned(),
                read_only: false,
                content: DiskContent::Own(Box::new(move |path| scratch::write(path, bytes))),
            });
        }
        disks.extend(self.volumes.disks);
        if disks.len() > MAX_DISKS {
            return Err(Error::Vm(lazaret_vm::Error::TooManyDisks {
                disks: disks.len(),
                limit: MAX_DISKS,
            }));
        }
        let policy = self.spec.policy.as_ref();
        Ok(Design {
            accelerator: self.accelerator,
            memory_mib: self.spec.memory_mib,
            cpus: self.spec.cpus,
            image: named(&self.spec.image),
            image_digest: self.image_digest,
            stop_signal: self.stop_signal,
            program: self.program,
            templates: self.templates,
            volumes_folder: self.volumes_folder,
            volumes: self.volumes.uses,
            folders: self.volumes.folders,
            kernel_name: self.kernel.name,
            kernel: self.kernel.image,
            initramfs: self.initramfs,
            boot_ranges: self.boot_ranges,
            pack: self.pack,
            words: self.words,
            disks,
            network,
            policy: policy.map(|policy| policy.to_value().to_string()),
            integrations: self.integrations,
            boot,
            lease: self.lease,
        })
    }
}
