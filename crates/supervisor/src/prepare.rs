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

mod artifacts;
mod boot;
mod cached;
mod design;
mod find;
mod folders;
mod mounts;
mod network;
mod notice;
mod prepared;
mod request;
mod root;
mod scratch;
mod serial;

use lazaret_artifacts::{Payload, RunSpec, Volume};
use lazaret_images::Prebuilt;
use lazaret_oci::{Descriptor, ImageConfig, Manifest, Platform};
use lazaret_vm::probe;

pub use folders::FolderRequest;
pub use mounts::VolumeRequest;
pub use notice::Notice;
pub use prepared::Prepared;
pub use request::{NetworkRequest, PullPolicy, RootDisk, RunRequest};
pub(crate) use root::needed_keys as needed_disk_keys;

use crate::{Error, Home, ProgressSink, blocking, image, initramfs, signal_number};
use design::Parts;
use request::check_disk_size;
use root::Layers;

/// What is run and how, settled before anything large is fetched.
struct Subject {
    spec: RunSpec,
    hostname: String,
    /// Digest of the image's manifest.
    digest: String,
    manifest: Manifest,
    config: ImageConfig,
    prebuilt: Option<Prebuilt>,
}

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
        // Nothing may be pruned until the machine has opened its disks.
        let lease = self.images.lease()?;
        let kernel = match &request.kernel {
            Some(wanted) => Some(self.ensure_kernel(wanted, &progress).await?),
            None => None,
        };
        let mut fetched = None;
        if kernel.is_none() && self.settings.catalogues.is_empty() {
            // First of all: without a kernel there is no use in fetching anything else.
            fetched = self.bootable_kernel(&progress).await?.1;
        }
        let volumes = mounts::named(&request.volumes);
        let folders = folders::settle(&request.folders)?;
        let memory = request.memory()?;
        // QEMU takes a moment to tell its version.
        let (subject, qemu) = tokio::try_join!(
            self.subject(&request, (&volumes, &folders), &progress),
            self.qemu()
        )?;
        mounts::check((&volumes, &folders), &memory, &subject.spec)?;
        // Order of precedence: the flag, the catalogue's entry, the default.
        let of_entry = subject.prebuilt.as_ref();
        let of_entry = of_entry.and_then(|prebuilt| prebuilt.kernel.clone());
        let kernel = match kernel.or(of_entry) {
            Some(name) => self.kernels.get(&name)?,
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
        let (mut spec, hostname) = (subject.spec.clone(), subject.hostname.clone());
        let run = self.run_integrations(&spec)?;
        set_variables(&mut spec, &run.env);
        let image_digest = subject.digest.clone();
        let stop_signal = signal_number(&subject.config.config.stop_signal);
        let of_sandbox = spec.disk_mib.map(|mib| mib << 20);
        let disk_bytes = request.disk_bytes.or(of_sandbox);
        check_disk_size(disk_bytes)?;
        let (root, artifacts) = self.disks(subject, request.root, disk_bytes).await?;
        let (of, cache) = (kernel.clone(), self.settings.cache.clone());
        let initramfs = blocking(move || initramfs::prepare(&of, &cache)).await?;
        let qemu = qemu.clone().with_jail(request.jail);
        let verdict = probe::accelerator(&probe::Request {
            qemu: &qemu,
            kernel: &kernel,
            initramfs: &initramfs,
            verdict_file: &self.settings.cache.join("accelerator.json"),
            forced: self.settings.accelerator,
            refresh: false,
        })
        .await?;
        let is_news = self.is_news(&verdict);
        let network = network::settle(&request, &spec, run.integrations.clone())?;
        let mut notices = notice::collect(&spec, network.is_some(), is_news.then_some(&verdict));
        notices.splice(0..0, run.notices.iter().cloned().map(Notice::Credential));
        let is_attached = |volume: &Volume| folders.iter().any(|folder| folder.volume == *volume);
        notices.retain(
            |notice| !matches!(notice, Notice::VolumeUnattached(volume) if is_attached(volume)),
        );
        notices.extend(fetched.map(Notice::KernelFetched));
        let volumes = mounts::attach(&spec, &volumes, &folders, &self.volumes);
        let design = Parts {
            spec,
            hostname,
            root,
            artifacts,
            image_digest,
            stop_signal,
            qemu,
            templates: self.templates(),
            volumes_folder: self.volumes.folder().to_owned(),
            volumes,
            integrations: run.record(self.secret_settings()),
            memory: memory.into_iter().map(|(_, mount)| mount).collect(),
            kernel,
            initramfs,
            accelerator: verdict.accelerator,
            read_only: request.read_only,
            disk_bytes,
            terminal: request.terminal,
            network,
            lease,
        }
        .design()?;
        Ok(Prepared { design, notices })
    }

    async fn subject(
        &self,
        request: &RunRequest,
        (volumes, folders): (&[mounts::Named], &[folders::Settled]),
        progress: &ProgressSink,
    ) -> Result<Subject, Error> {
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
            None => boot::hostname(resolved.name.as_deref(), &record.name),
        };
        Ok(Subject {
            spec: RunSpec::merge(resolved, &config, flags)?,
            hostname,
            digest: record.digest.to_string(),
            manifest,
            config,
            prebuilt: record.prebuilt,
        })
    }

    /// The root disk, and the disk with the artifacts if there are any. Both are in the store,
    /// except a root disk of the machine's own.
    async fn disks(
        &self,
        subject: Subject,
        kind: RootDisk,
        bytes: Option<u64>,
    ) -> Result<(root::Root, Option<artifacts::Artifacts>), Error> {
        let store = self.images.clone();
        blocking(move || {
            let Subject {
                spec,
                manifest,
                config,
                prebuilt,
                ..
            } = subject;
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
                    manifest.clone(),
                    config.clone(),
                    bytes,
                ),
                RootDisk::Checked => root::checked(&store, &layers)?,
                RootDisk::Shared => root::shared(&store, &layers)?,
            };
            Ok((root, artifacts::disk(&store, &spec.mounts)?))
        })
        .await
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
