//! The first part of `run`: settles everything before a machine exists, and returns it as one
//! value.
//!
//! ```text
//! find      reference -> image, agent or bundle       lazaret-artifacts over the client
//! merge     image <- agent <- request                 one RunSpec
//! fetch     image and artifact layers                 into the store
//! convert   layers -> disks                           cached by content
//! choose    kernel, initramfs, accelerator            probed once for each host
//! design    -> Prepared: design, boot configuration, notices
//! ```
//! Nothing here makes a folder or a process for a machine, or prints: `machines` makes machines
//! from the design, and the caller shows the notices to the user.

pub(crate) mod artifacts;
mod boot;
mod cached;
mod design;
mod find;
mod folders;
mod guest_image;
mod machine;
mod mounts;
mod named;
mod network;
mod notice;
mod packed;
mod prepared;
mod request;
mod root;
mod scratch;
pub(crate) mod serial;
mod settle;
mod subject;

use lazaret_artifacts::{Payload, RunSpec};
use lazaret_oci::{Descriptor, ImageConfig, Manifest, Platform};
use lazaret_vm::{Feature, Substrate};

pub(crate) use boot::hostname;
pub use folders::FolderRequest;
pub use machine::{DOCUMENT_LABEL, MACHINE_LABEL, find_machine, lane_of};
pub use mounts::VolumeRequest;
pub use named::NamedRequest;
pub use notice::Notice;
pub(crate) use packed::{PackedDisk, PackedRun};
pub use prepared::Prepared;
pub use request::{NetworkRequest, PullPolicy, RootDisk, RunRequest};
pub(crate) use root::needed_keys as needed_disk_keys;

use crate::{Error, Home, ProgressSink, blocking, image, initramfs, signal_number};
use root::Layers;
use settle::{Boot, Found};
use subject::{Content, Subject};

impl Home {
    /// Settles everything about a run: fetches missing content, makes the shared disks, finds
    /// kernel and accelerator. No machine exists yet.
    ///
    /// # Errors
    /// [`Error::Setting`] for a request that makes no sense; those of the registry, the stores
    /// and the probe.
    pub async fn prepare(
        &self,
        request: RunRequest,
        progress: ProgressSink,
    ) -> Result<Prepared, Error> {
        self.check_hypervisor(&request)?;
        // Nothing may be pruned until the machine has opened its disks.
        let lease = self.images.lease()?;
        let kernel = match (&request.kernel, &request.named) {
            (Some(wanted), Some(named)) if named.has_kernel => {
                let kernel = self.named_kernel(&named.document, wanted, named.selector);
                Some(kernel.await?.name)
            }
            (Some(wanted), _) => Some(self.ensure_kernel(wanted, &progress).await?),
            (None, _) => None,
        };
        let mut fetched = None;
        if kernel.is_none() && self.settings.catalogues.is_empty() {
            // First of all: without a kernel there is no use in fetching anything else.
            fetched = self.bootable_kernel(&progress).await?.1;
        }
        let volumes = mounts::named(&request.volumes);
        let folders = folders::settle(&request.folders)?;
        let memory = request.memory()?;
        // A hypervisor takes a moment to tell its version.
        let (subject, program) = tokio::try_join!(
            self.subject(&request, (&volumes, &folders), &progress),
            self.program(request.substrate)
        )?;
        mounts::check((&volumes, &folders), &memory, &subject.spec)?;
        // Order of precedence: the flag, the catalogue's entry, the default.
        let kernel = match kernel.or(subject.kernel.clone()) {
            Some(name) => self.any_kernel(&name)?,
            None => {
                let (kernel, now) = self.bootable_kernel(&progress).await?;
                fetched = fetched.or(now);
                kernel
            }
        };
        for mount in &subject.spec.mounts {
            if let Payload::Layers(layers) = &mount.payload {
                let wanted = layers.clone();
                self.pull_missing(&mount.reference, wanted, &progress)
                    .await?;
            }
        }
        let (spec, hostname) = (subject.spec.clone(), subject.hostname.clone());
        let image_digest = subject.digest.clone();
        let stop_signal = subject.stop_signal;
        let disk_bytes = settle::disk_bytes(&request, &spec)?;
        let disks = self
            .disks(subject, request.root, disk_bytes, request.substrate)
            .await?;
        let (of, cache) = (kernel.clone(), self.settings.cache.clone());
        let initramfs = blocking(move || initramfs::prepare(&of, &cache)).await?;
        let found = Found {
            spec,
            hostname,
            image_digest,
            stop_signal,
            boot: Boot {
                kernel,
                initramfs,
                ranges: None,
                pack: None,
            },
            volumes,
            folders,
            memory,
            program,
            fetched,
            lease,
        };
        self.settle_run(request, found, disks).await
    }

    async fn subject(
        &self,
        request: &RunRequest,
        (volumes, folders): (&[mounts::Named], &[folders::Settled]),
        progress: &ProgressSink,
    ) -> Result<Subject, Error> {
        if let Some(named) = &request.named
            && let Some(name) = &named.guest_image
        {
            return self.guest_subject(request, named, name, (volumes, folders));
        }
        let mut flags = request.flags()?;
        let folders = folders.iter().map(|folder| folder.volume.clone());
        let volumes = volumes.iter().map(|named| named.volume.clone());
        flags.volumes = volumes.chain(folders).collect();
        let resolved = self.resolve_run(request, progress).await?;
        let record = self
            .ensure_image(&resolved.image, request.pull, request.root, progress)
            .await?;
        let document = image::manifest(&self.images, &record)?;
        let (config, _) = image::config(&self.images, &document)?;
        if let Some(platform) = image::other_platform(&config, &Platform::native()) {
            return Err(Error::ForeignImage {
                name: record.name,
                platform,
            });
        }
        let manifest = document
            .manifest()
            .cloned()
            .ok_or_else(|| Error::ImageNotFound {
                name: record.name.clone(),
            })?;
        let hostname = match &request.hostname {
            Some(name) => name.clone(),
            None => hostname(resolved.name.as_deref(), &record.name),
        };
        Ok(Subject {
            spec: RunSpec::merge(resolved, &config, flags)?,
            hostname,
            digest: record.digest.to_string(),
            stop_signal: signal_number(&config.config.stop_signal),
            kernel: record.prebuilt.as_ref().and_then(|it| it.kernel.clone()),
            content: Content::Image {
                manifest: Box::new(manifest),
                config: Box::new(config),
                prebuilt: record.prebuilt,
            },
        })
    }

    /// The root disk, and the disk with the artifacts if there are any. Both are in the store,
    /// except a root disk of the machine's own.
    async fn disks(
        &self,
        subject: Subject,
        kind: RootDisk,
        bytes: Option<u64>,
        substrate: Substrate,
    ) -> Result<(root::Root, Option<artifacts::Artifacts>), Error> {
        let store = self.images.clone();
        blocking(move || {
            let Subject { spec, content, .. } = subject;
            let (manifest, config, prebuilt) = match content {
                Content::Disk(path) => {
                    let artifacts = artifacts::disk(&store, &spec.mounts)?;
                    return Ok((root::prebuilt(path), artifacts));
                }
                Content::Image {
                    manifest,
                    config,
                    prebuilt,
                } => (manifest, config, prebuilt),
            };
            let name = spec.image.to_string();
            let ready = match prebuilt {
                Some(prebuilt) if kind == RootDisk::Shared => store.disk(&prebuilt.disk)?,
                _ => None,
            };
            let open = |layer: &Descriptor| cached::open_blob(&store, &layer.digest);
            let layers = Layers {
                name: &name,
                manifest: &manifest,
                config: &config,
                open: &open,
            };
            let root = match kind {
                _ if let Some(path) = ready => root::prebuilt(path),
                RootDisk::Own => root::own(
                    store.clone(),
                    name.clone(),
                    Manifest::clone(&manifest),
                    ImageConfig::clone(&config),
                    bytes,
                ),
                RootDisk::Checked => root::checked(&store, &layers)?,
                RootDisk::Shared if substrate.require(Feature::DiskParts).is_err() => {
                    root::whole(&store, &layers)?
                }
                RootDisk::Shared => root::shared(&store, &layers)?,
            };
            Ok((root, artifacts::disk(&store, &spec.mounts)?))
        })
        .await
    }
}
