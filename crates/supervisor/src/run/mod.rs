//! `run`: from a reference to an exit status.
//!
//! ```text
//! resolve   reference -> image, agent or bundle       lazaret-artifacts over the client
//! merge     image <- agent <- flags                   one RunSpec
//! fetch     image and artifact layers                 into the store
//! convert   layers -> disks                           cached by content
//! launch    kernel, initramfs, disks -> QEMU          in a locked folder
//! carry     streams and signals until the exit        then the folder goes
//! ```

mod boot;
mod disks;
pub(crate) mod initramfs;
mod machine;
mod notices;
mod request;
mod root;
mod signals;
mod streams;
#[cfg(test)]
mod tests;

use lazaret_artifacts::{Payload, Resolved, RunSpec, resolve};
use lazaret_images::{ImageRecord, Prebuilt};
use lazaret_oci::{Digest, ImageConfig, Manifest, ManifestDocument, Platform, Reference};

pub(crate) use machine::end_abandoned;
pub use request::{PullPolicy, RootDisk, RunEvents, RunRequest};
pub(crate) use root::needed_keys as needed_disk_keys;

use crate::pull::{Arrivals, store_name};
use crate::resolve::RegistrySource;
use crate::{Error, Home, blocking, image};
use root::Layers;

/// Everything about a run that is settled before a machine starts.
struct Prepared {
    spec: RunSpec,
    hostname: String,
    manifest: Manifest,
    config: ImageConfig,
    prebuilt: Option<Prebuilt>,
}

impl Home {
    /// Runs an image, agent or bundle to its end and returns the exit status.
    ///
    /// # Errors
    /// [`Error::Workload`] when the command could not be started; others when nothing got as
    /// far as that.
    pub async fn run(&self, request: RunRequest, events: &dyn RunEvents) -> Result<u8, Error> {
        // Until the machine has its disks open, nothing may be pruned.
        let lease = self.images.lease()?;
        let kernel = match &request.kernel {
            Some(wanted) => Some(self.ensure_kernel(wanted, &events.progress()).await?),
            None => None,
        };
        if kernel.is_none() && self.settings.catalogues.is_empty() {
            // Without one there is no use in fetching anything.
            self.kernels.default_kernel()?;
        }
        let prepared = self.prepare(&request, events).await?;
        let Prepared {
            spec,
            hostname,
            manifest,
            config,
            prebuilt,
        } = prepared;
        // The flag before the catalogue's entry before the default.
        let of_entry = prebuilt
            .as_ref()
            .and_then(|prebuilt| prebuilt.kernel.clone());
        let kernel = match kernel.or(of_entry) {
            Some(name) => self.kernels.get(&name)?,
            None => self.kernels.default_kernel()?,
        };
        for mount in &spec.mounts {
            if let Payload::Layers(layers) = &mount.payload {
                let wanted = layers.clone();
                self.pull_missing(&mount.reference, wanted, &events.progress())
                    .await?;
            }
        }
        let store = self.images.clone();
        let name = spec.image.to_string();
        let mounts = spec.mounts.clone();
        let kind = request.root;
        let folder = self.machines.create()?;
        let place = folder.path().to_owned();
        let (root, artifacts) = blocking(move || {
            let open = |digest: &Digest| disks::blob_path(&store, digest);
            let layers = Layers {
                name: &name,
                manifest: &manifest,
                config: &config,
                open: &open,
            };
            let prebuilt = prebuilt.as_ref().filter(|_| kind == RootDisk::Shared);
            let ready = match prebuilt {
                Some(prebuilt) => store.disk(&prebuilt.disk)?,
                None => None,
            };
            let root = match kind {
                _ if let Some(path) = ready => root::prebuilt(path),
                RootDisk::Own => root::own(&place, &layers)?,
                RootDisk::Checked => root::checked(&store, &layers)?,
                RootDisk::Shared => root::shared(&store, &layers)?,
            };
            Ok((root, disks::artifacts(&store, &mounts)?))
        })
        .await?;
        events.starting();
        let launch = machine::Launch {
            kernel,
            folder,
            root,
            artifacts,
            spec,
            hostname,
            read_only: request.read_only,
            forward_stdin: request.forward_stdin,
        };
        self.launch(launch, lease, events).await
    }

    /// Settles what runs and how, before anything large is fetched.
    async fn prepare(
        &self,
        request: &RunRequest,
        events: &dyn RunEvents,
    ) -> Result<Prepared, Error> {
        let flags = request.flags()?;
        let resolved = self.resolve_run(request, events).await?;
        let record = self
            .ensure_image(&resolved.image, request.pull, request.root, events)
            .await?;
        let document = image::manifest(&self.images, &record)?;
        let (config, _) = image::config(&self.images, &document)?;
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
        let spec = RunSpec::merge(resolved, &config, flags)?;
        notices::tell(&spec, events);
        Ok(Prepared {
            spec,
            hostname,
            manifest,
            config,
            prebuilt: record.prebuilt,
        })
    }

    /// What the reference leads to. The name of a cached image needs no registry.
    async fn resolve_run(
        &self,
        request: &RunRequest,
        events: &dyn RunEvents,
    ) -> Result<Resolved, Error> {
        let cached = match request.pull {
            PullPolicy::Always => None,
            PullPolicy::Missing | PullPolicy::Never => self.cached(&request.reference)?,
        };
        let cached = match cached {
            None if request.pull != PullPolicy::Never => {
                let prebuilt = self.prebuilt(&request.reference, events.progress());
                let prebuilt = prebuilt.await?;
                let named = prebuilt.map(|record| Ok((record.name.parse()?, record)));
                named
                    .transpose()
                    .map_err(|error: lazaret_oci::Error| error)?
            }
            cached => cached,
        };
        let reference = match &cached {
            Some((reference, _)) => reference.clone(),
            None => request.reference.parse::<Reference>()?,
        };
        let mounts = request.mounts(&reference.registry)?;
        let source = RegistrySource {
            client: &self.client,
            cached: cached.as_ref().map(|(name, record)| (name, &record.digest)),
        };
        Ok(resolve(&source, &reference, &mounts).await?)
    }

    /// The store's image of that name, with the name in full.
    fn cached(&self, text: &str) -> Result<Option<(Reference, ImageRecord)>, Error> {
        match self.find_image(text) {
            Ok(record) => Ok(Some((record.name.parse()?, record))),
            Err(Error::ImageNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The image's record, pulled if the policy and the store ask for it.
    async fn ensure_image(
        &self,
        reference: &Reference,
        policy: PullPolicy,
        kind: RootDisk,
        events: &dyn RunEvents,
    ) -> Result<ImageRecord, Error> {
        if policy != PullPolicy::Always
            && let Some(record) = self.stored(reference)?
        {
            return Ok(record);
        }
        if policy == PullPolicy::Never {
            return Err(Error::ImageNotFound {
                name: reference.to_string(),
            });
        }
        // The image's disk is made while its layers come.
        let store = self.images.clone();
        let name = reference.to_string();
        let convert = move |document: &ManifestDocument, arrivals: &Arrivals| {
            let Some(manifest) = document.manifest() else {
                return Ok(());
            };
            let (config, _) = image::config(&store, document)?;
            let layers = Layers {
                name: &name,
                manifest,
                config: &config,
                open: &|digest: &Digest| arrivals.wait_for(digest),
            };
            match kind {
                // Its disk is made in the folder of the machine, which is not there yet.
                RootDisk::Own => Ok(()),
                RootDisk::Checked => root::checked(&store, &layers).map(drop),
                RootDisk::Shared => root::shared(&store, &layers).map(drop),
            }
        };
        let platform = Platform::native();
        let pulled = self.pull_using(reference, &platform, events.progress(), convert);
        Ok(pulled.await?.0)
    }

    /// A complete image under that name. A pin must be the digest of its manifest, or the one
    /// that the name stood for when it was pulled.
    fn stored(&self, reference: &Reference) -> Result<Option<ImageRecord>, Error> {
        let name = store_name(&reference.normalized()).to_string();
        let Some(record) = self.images.get(&name)? else {
            return Ok(None);
        };
        let pin = reference.digest.as_ref();
        let as_pinned = pin.is_none_or(|pin| *pin == record.digest || *pin == record.source_digest);
        Ok(if as_pinned && self.is_usable(&record)? {
            Some(record)
        } else {
            None
        })
    }

    fn is_usable(&self, record: &ImageRecord) -> Result<bool, Error> {
        let document: ManifestDocument = match image::manifest(&self.images, record) {
            Ok(document) => document,
            Err(Error::BlobMissing { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let has_disk = match &record.prebuilt {
            Some(prebuilt) => self.images.disk(&prebuilt.disk)?.is_some(),
            None => false,
        };
        Ok(has_disk
            || document
                .manifest()
                .is_some_and(|manifest| self.is_complete(manifest)))
    }
}
