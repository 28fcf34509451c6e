//! Finds what a run is of: the artifacts that its reference leads to, and the image in the store.

use lazaret_artifacts::{Resolved, resolve};
use lazaret_images::ImageRecord;
use lazaret_oci::{Descriptor, ManifestDocument, Platform, Reference};

use super::request::{PullPolicy, RootDisk, RunRequest};
use super::root::{self, Layers};
use crate::pull::{Arrivals, store_name};
use crate::resolve::RegistrySource;
use crate::{Error, Home, ProgressSink, image};

impl Home {
    /// Resolves the reference. The name of a cached image needs no registry.
    pub(crate) async fn resolve_run(
        &self,
        request: &RunRequest,
        progress: &ProgressSink,
    ) -> Result<Resolved, Error> {
        let cached = match request.pull {
            PullPolicy::Always => None,
            PullPolicy::Missing | PullPolicy::Never => self.cached(&request.reference)?,
        };
        let cached = match cached {
            None if request.pull != PullPolicy::Never => {
                let prebuilt = self.prebuilt(&request.reference, progress.clone());
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

    /// Finds an image of the store by name; returns it with its full name.
    fn cached(&self, text: &str) -> Result<Option<(Reference, ImageRecord)>, Error> {
        match self.find_image(text) {
            Ok(record) => Ok(Some((record.name.parse()?, record))),
            Err(Error::ImageNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the image's record; pulls the image if policy and store require it.
    pub(crate) async fn ensure_image(
        &self,
        reference: &Reference,
        policy: PullPolicy,
        kind: RootDisk,
        progress: &ProgressSink,
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
        // The image's disk is made while its layers arrive.
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
                open: &|layer: &Descriptor| arrivals.wait_for(&layer.digest),
            };
            match kind {
                // A disk of the machine's own is made with the machine.
                RootDisk::Own => Ok(()),
                RootDisk::Checked => root::checked(&store, &layers).map(drop),
                RootDisk::Shared => root::shared(&store, &layers).map(drop),
            }
        };
        let platform = Platform::native();
        let pulled = self.pull_using(reference, &platform, progress.clone(), convert);
        Ok(pulled.await?.0)
    }

    /// Finds a complete image of that name. A pinned digest must be that of its manifest, or the
    /// one that the name had when it was pulled.
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
