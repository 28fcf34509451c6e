//! Settles the run of a pack: everything but the machine's surroundings was settled when it was made.

use std::path::PathBuf;

use lazaret_artifacts::{Resolved, RunSpec};
use lazaret_oci::ImageConfig;
use lazaret_protocol::Verity;
use lazaret_rootfs::FileSystem;
use lazaret_vm::kernel::Kernel;
use lazaret_vm::{BootRanges, DiskRange, Feature};

use super::prepared::Prepared;
use super::request::{RootDisk, RunRequest};
use super::root::Root;
use super::settle::{Boot, Found};
use super::{artifacts, folders, mounts};
use crate::machines::{DiskContent, PackUse};
use crate::{Error, Home, signal_number};

/// A disk in a pack.
pub(crate) struct PackedDisk {
    pub(crate) path: PathBuf,
    pub(crate) range: DiskRange,
    /// The tree of hashes behind it, if the guest is to check every block.
    pub(crate) verity: Option<Verity>,
}

/// What a pack says of its machine.
pub(crate) struct PackedRun {
    /// Everything that its artifacts and its maker have settled.
    pub(crate) resolved: Resolved,
    /// The process.
    pub(crate) config: ImageConfig,
    pub(crate) hostname: String,
    /// Digest of the image's manifest.
    pub(crate) image_digest: String,
    pub(crate) root: PackedDisk,
    pub(crate) artifacts: Option<PackedDisk>,
    pub(crate) kernel: Kernel,
    pub(crate) boot_ranges: BootRanges,
    pub(crate) pack: PackUse,
}

impl Home {
    /// Settles the run of a pack that was opened and checked. The request has precedence over the pack.
    ///
    /// # Errors
    /// As [`Home::prepare`], without those of registries and stores.
    pub(crate) async fn prepare_packed(
        &self,
        request: RunRequest,
        packed: PackedRun,
    ) -> Result<Prepared, Error> {
        self.check_hypervisor(&request)?;
        request.substrate.require(Feature::FileRanges)?;
        let lease = self.images.lease()?;
        let volumes = mounts::named(&request.volumes);
        let folders = folders::settle(&request.folders)?;
        let memory = request.memory()?;
        let mut flags = request.flags()?;
        let of_host = folders.iter().map(|folder| folder.volume.clone());
        let named = volumes.iter().map(|named| named.volume.clone());
        flags.volumes = named.chain(of_host).collect();
        let spec = RunSpec::merge(packed.resolved, &packed.config, flags)?;
        mounts::check((&volumes, &folders), &memory, &spec)?;
        let artifacts = match packed.artifacts {
            Some(disk) => Some(artifacts::Artifacts {
                content: DiskContent::Range(disk.path, disk.range),
                mounts: artifacts::table(&spec.mounts),
            }),
            // A pack with mounts has the disk, which was checked when it was opened.
            None => None,
        };
        let root = Root {
            content: DiskContent::Range(packed.root.path, packed.root.range),
            kind: RootDisk::Shared,
            file_system: FileSystem::Erofs,
            verity: packed.root.verity,
        };
        let found = Found {
            stop_signal: signal_number(&packed.config.config.stop_signal),
            hostname: match &request.hostname {
                Some(name) => name.clone(),
                None => packed.hostname,
            },
            image_digest: packed.image_digest,
            boot: Boot {
                kernel: packed.kernel,
                initramfs: packed.pack.path.clone(),
                ranges: Some(packed.boot_ranges),
                pack: Some(packed.pack),
            },
            program: self.program(request.substrate).await?,
            fetched: None,
            spec,
            volumes,
            folders,
            memory,
            lease,
        };
        self.settle_run(request, found, (root, artifacts)).await
    }
}
