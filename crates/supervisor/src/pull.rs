//! `pull`: an artifact's configuration, or an image into the store.

mod arrivals;

use std::io::Write as _;
use std::path::Path;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use lazaret_artifacts::Family;
use lazaret_client::{Blob, BlobSink};
use lazaret_images::{ImageRecord, ImageStore};
use lazaret_oci::{
    Descriptor, Digest, Manifest, ManifestContent, ManifestDocument, Platform, Reference,
    media_type,
};

pub(crate) use arrivals::Arrivals;

use crate::image::{Image, blobs, import};
use crate::resolve::read_config;
use crate::{Error, Home, ProgressSink, blocking};
use arrivals::Announcer;

/// What was pulled.
#[derive(Debug, Clone)]
pub enum Pulled {
    /// A typed artifact; nothing was stored.
    Artifact(PulledArtifact),
    /// An image, now in the store.
    Image(Image),
}

/// A typed artifact.
#[derive(Debug, Clone)]
pub struct PulledArtifact {
    /// Where it came from.
    pub reference: Reference,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Its family.
    pub family: Family,
    /// Its configuration as it is.
    pub config: Vec<u8>,
}

impl Home {
    /// Pulls an artifact or image.
    ///
    /// # Errors
    /// Those of the registry; [`Error::UnknownArtifact`] for other kinds of artifacts.
    pub async fn pull(
        &self,
        reference: &Reference,
        platform: &Platform,
        progress: ProgressSink,
    ) -> Result<Pulled, Error> {
        let reference = reference.normalized();
        let document = self.client.manifest(&reference).await?;
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
        let record = self.pull_image(&reference, platform, progress).await?;
        Ok(Pulled::Image(Image::from(&record)))
    }

    /// Pulls an image into the store: layers in parallel, each verified before it counts.
    pub(crate) async fn pull_image(
        &self,
        reference: &Reference,
        platform: &Platform,
        progress: ProgressSink,
    ) -> Result<ImageRecord, Error> {
        let pulled = self.pull_using(reference, platform, progress, |_, _| Ok(()));
        Ok(pulled.await?.0)
    }

    /// Pulls an image while `convert` works on its layers, in a thread of its own, as they come.
    ///
    /// The image counts as pulled only when both are done. The first error ends the other.
    pub(crate) async fn pull_using<T: Send + 'static>(
        &self,
        reference: &Reference,
        platform: &Platform,
        progress: ProgressSink,
        convert: impl FnOnce(&ManifestDocument, &Arrivals) -> Result<T, Error> + Send + 'static,
    ) -> Result<(ImageRecord, T), Error> {
        let _lease = self.images.lease()?;
        let source = self.client.manifest(reference).await?;
        let pinned = reference.pinned(source.digest().clone());
        let document = match source.content() {
            ManifestContent::Manifest(_) => source.clone(),
            ManifestContent::Index(_) => self.client.image_manifest(&pinned, platform).await?,
        };
        let manifest = document.manifest();
        let layers = manifest.map(|manifest| manifest.layers.clone());
        // What is to become of the layers depends on the configuration.
        let config = manifest.map(|manifest| manifest.config.clone());
        self.pull_missing(reference, config.into_iter().collect(), &progress)
            .await?;
        let (announcer, arrivals) = Arrivals::new(self.images.clone());
        let pull = async {
            let layers = layers.unwrap_or_default();
            let sink = StoreSink {
                store: self.images.clone(),
                announcer: Some(announcer),
            };
            self.pull_into(reference, layers, &sink, &progress).await
        };
        let wanted = document.clone();
        let convert = blocking(move || convert(&wanted, &arrivals));
        let ((), converted) = tokio::try_join!(pull, convert)?;
        let store = self.images.clone();
        let name = store_name(reference).to_string();
        let record = blocking(move || {
            put_document(&store, &document)?;
            import::record(&store, name, source.digest().clone(), &document)
        })
        .await?;
        self.images.put(&record)?;
        Ok((record, converted))
    }

    /// Fetches the blobs that the store lacks.
    pub(crate) async fn pull_missing(
        &self,
        reference: &Reference,
        wanted: Vec<Descriptor>,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        let sink = StoreSink {
            store: self.images.clone(),
            announcer: None,
        };
        self.pull_into(reference, wanted, &sink, progress).await
    }

    async fn pull_into(
        &self,
        reference: &Reference,
        mut wanted: Vec<Descriptor>,
        sink: &StoreSink,
        progress: &ProgressSink,
    ) -> Result<(), Error> {
        wanted.retain(|blob| self.images.path(&blob.digest).is_none());
        let client = &self.client;
        Ok(client
            .pull_blobs(reference, &wanted, sink, progress)
            .await?)
    }

    /// Whether everything that a manifest names is in the store.
    pub(crate) fn is_complete(&self, manifest: &Manifest) -> bool {
        manifest
            .blobs()
            .all(|blob| self.images.path(&blob.digest).is_some())
    }
}

/// The name that an image is kept under: its tag, or its digest when it has none.
pub(crate) fn store_name(reference: &Reference) -> Reference {
    match reference.tag {
        Some(_) => Reference {
            digest: None,
            ..reference.clone()
        },
        None => reference.normalized(),
    }
}

fn put_document(store: &ImageStore, document: &ManifestDocument) -> Result<(), Error> {
    blobs::put(
        store,
        document.raw(),
        Some(document.digest()),
        "the manifest",
    )?;
    Ok(())
}

/// Writes blobs into the store as they come. The client verifies digest and size; the store
/// checks the digest of what it wrote once more before the blob counts.
struct StoreSink {
    store: ImageStore,
    /// Tells those who wait for a blob.
    announcer: Option<Announcer>,
}

impl BlobSink for StoreSink {
    fn accept<'a>(
        &'a self,
        item: &'a Descriptor,
        mut blob: Blob,
    ) -> BoxFuture<'a, Result<(), lazaret_client::Error>> {
        Box::pin(async move {
            let local = |error: lazaret_images::Error| local_error(item, &error);
            let mut writer = self.store.writer().map_err(local)?;
            while let Some(piece) = blob.try_next().await? {
                // Blocks for a page-cache write; hashing dominates and is kept off the
                // runtime's small number of threads.
                writer =
                    tokio::task::spawn_blocking(move || writer.write_all(&piece).map(|()| writer))
                        .await
                        .map_err(|error| local_error(item, &error))?
                        .map_err(|error| local_error(item, &error))?;
            }
            let digest = item.digest.clone();
            tokio::task::spawn_blocking(move || writer.commit(Some(&digest)))
                .await
                .map_err(|error| local_error(item, &error))?
                .map_err(local)?;
            if let Some(announcer) = &self.announcer {
                announcer.announce();
            }
            Ok(())
        })
    }
}

fn local_error(item: &Descriptor, error: &dyn std::fmt::Display) -> lazaret_client::Error {
    lazaret_client::Error::Local {
        operation: format!("store blob {}", item.digest),
        source: std::io::Error::other(error.to_string()),
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
/// [`Error::Io`].
pub fn write_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    Ok(lazaret_files::replace(path, content, 0o644)?)
}
