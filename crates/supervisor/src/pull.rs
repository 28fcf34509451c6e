//! `pull`: fetches an artifact's configuration, or an image into the store.

mod arrivals;

use std::io::Write as _;
use std::path::Path;

use lazaret_artifacts::Family;
use lazaret_files::NewFile;
use lazaret_images::{ImageRecord, Source as _, Target as _, Wanted, copy_blobs, select};
use lazaret_oci::{
    Descriptor, Digest, Manifest, ManifestContent, ManifestDocument, Platform, Reference,
    media_type,
};

pub(crate) use arrivals::Arrivals;

use crate::image::{self, Image};
use crate::registry_images::RegistryImages;
use crate::resolve::read_config;
use crate::{Error, Home, ProgressSink, blocking};

/// The result of a pull.
#[derive(Debug, Clone)]
pub enum Pulled {
    /// A typed artifact; nothing was stored.
    Artifact(PulledArtifact),
    /// An image, which is now in the store.
    Image(Image),
}

/// A pulled typed artifact.
#[derive(Debug, Clone)]
pub struct PulledArtifact {
    /// The reference that it came from.
    pub reference: Reference,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Its family.
    pub family: Family,
    /// Its configuration, byte for byte.
    pub config: Vec<u8>,
}

impl Home {
    /// Pulls an artifact or image. `platform` is taken from an index, and a single image must have
    /// it; without one, this machine's is taken from an index, and a single image may have any.
    ///
    /// # Errors
    /// Those of the registry; [`Error::UnknownArtifact`] for other kinds of artifacts.
    pub async fn pull(
        &self,
        reference: &Reference,
        platform: Option<&Platform>,
        progress: ProgressSink,
    ) -> Result<Pulled, Error> {
        let reference = reference.normalized();
        let from = RegistryImages::new(&self.client, &reference, &progress);
        let root = from.root(&Wanted::Only).await?;
        let document = from.manifest(&root).await?;
        if let ManifestContent::Manifest(manifest) = document.content() {
            if let Some(family) = Family::of_manifest(manifest) {
                let config = read_config(&self.client, &reference, &document, manifest).await?;
                let digest = document.digest().clone();
                return Ok(Pulled::Artifact(PulledArtifact {
                    reference,
                    digest,
                    family,
                    config,
                }));
            }
            if !media_type::is_image_config(&manifest.config.media_type) {
                return Err(Error::UnknownArtifact {
                    reference: Box::new(reference),
                    artifact_type: manifest.effective_artifact_type().to_owned(),
                });
            }
        }
        let (store, asked) = (self.images.clone(), platform.cloned());
        let check = move |document: &ManifestDocument, _: &Arrivals| match &asked {
            Some(asked) => image::check_platform(&image::config(&store, document)?.0, asked),
            None => Ok(()),
        };
        let native = Platform::native();
        let pulled = self.pull_from(&from, &reference, platform.unwrap_or(&native), check);
        Ok(Pulled::Image(Image::from(&pulled.await?.0)))
    }

    /// Pulls an image into the store. Meanwhile `convert` works on its layers, in a thread of its
    /// own. Layers are fetched in parallel, and each is verified before `convert` gets it.
    ///
    /// The image counts as pulled only when both are done. The first error ends the other one.
    pub(crate) async fn pull_using<T: Send + 'static>(
        &self,
        reference: &Reference,
        platform: &Platform,
        progress: ProgressSink,
        convert: impl FnOnce(&ManifestDocument, &Arrivals) -> Result<T, Error> + Send + 'static,
    ) -> Result<(ImageRecord, T), Error> {
        let from = RegistryImages::new(&self.client, reference, &progress);
        self.pull_from(&from, reference, platform, convert).await
    }

    async fn pull_from<T: Send + 'static>(
        &self,
        from: &RegistryImages,
        reference: &Reference,
        platform: &Platform,
        convert: impl FnOnce(&ManifestDocument, &Arrivals) -> Result<T, Error> + Send + 'static,
    ) -> Result<(ImageRecord, T), Error> {
        let to = self.images.leased()?;
        let parallel = self.client.options().parallel;
        let root = from.root(&Wanted::Only).await?;
        let image = select(from, &root, platform).await;
        let document = image
            .map_err(|error| without_platform(&reference.pinned(root.digest.clone()), error))?
            .document;
        let manifest = document.manifest().ok_or_else(|| Error::ImageNotFound {
            name: reference.to_string(),
        })?;
        to.store().admit(manifest)?;
        // The configuration comes first, because the conversion of the layers depends on it.
        let config = std::slice::from_ref(&manifest.config);
        copy_blobs(config, from, &to, parallel).await?;
        let (announcer, arrivals) = Arrivals::new(to.clone());
        let pull = async move {
            let copied = copy_blobs(&manifest.layers, from, &announcer, parallel).await;
            copied.map_err(Error::from)
        };
        let wanted = document.clone();
        let convert = blocking(move || convert(&wanted, &arrivals));
        let ((), converted) = tokio::try_join!(pull, convert)?;
        to.put_manifest(document.digest(), &document).await?;
        for blob in manifest.blobs() {
            self.origins.remember(reference, &blob.digest);
        }
        let name = store_name(reference).to_string();
        let record = blocking(move || {
            let record = to.store().describe(name, root.digest, &document)?;
            to.store().put(&record)?;
            Ok(record)
        })
        .await?;
        Ok((record, converted))
    }

    /// Fetches the blobs of a manifest that the store lacks.
    pub(crate) async fn pull_missing(
        &self,
        reference: &Reference,
        wanted: Vec<Descriptor>,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let from = RegistryImages::new(&self.client, reference, progress);
        let to = self.images.leased()?;
        let parallel = self.client.options().parallel;
        Ok(copy_blobs(&wanted, &from, &to, parallel).await?)
    }

    /// Whether everything that a manifest names is in the store.
    pub(crate) fn is_complete(&self, manifest: &Manifest) -> bool {
        manifest
            .blobs()
            .all(|blob| self.images.has(blob).unwrap_or(false))
    }
}

/// Adds to a missing platform the reference that was looked at; other errors stay as they are.
fn without_platform(reference: &Reference, error: lazaret_images::Error) -> Error {
    match error {
        lazaret_images::Error::Platform { wanted, available } => {
            Error::Client(lazaret_client::Error::Platform {
                reference: reference.to_string(),
                wanted,
                available,
            })
        }
        error => error.into(),
    }
}

/// The name under which the store keeps an image: with its tag, or with its digest when it has
/// none.
pub(crate) fn store_name(reference: &Reference) -> Reference {
    match reference.tag {
        Some(_) => Reference {
            digest: None,
            ..reference.clone()
        },
        None => reference.normalized(),
    }
}

/// Whether [`write_file`] would write there, for callers with work to do before.
///
/// # Errors
/// [`Error::Io`].
pub fn check_output(path: &Path) -> Result<(), Error> {
    Ok(lazaret_files::check_output(path)?)
}

/// Writes a file where the user wants it, whole or not at all.
///
/// # Errors
/// [`Error::Io`].
pub fn write_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    let new = NewFile::output(path)?;
    let written = new.file()?.write_all(content);
    written.map_err(Error::io("write", path))?;
    Ok(new.publish()?)
}
