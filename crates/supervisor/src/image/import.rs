//! `image import`: copies the image of any source into the store, as blobs and a record.

use std::path::Path;

use lazaret_images::{Graph, ImageStore, LeasedStore, Target as _, Wanted, copy_blobs, select};
use lazaret_oci::{ManifestDocument, Platform};

use super::folder;
use super::name::local_name;
use super::open::{at, without_platform};
use super::summary::Image;
use crate::source_name::SourceName;
use crate::{Error, Home, ProgressSink, blocking};

/// Number of blobs that are hashed and written at once.
const PARALLEL: usize = 4;

impl Home {
    /// Imports an image under `name`. If the name is taken, it moves to the new image.
    ///
    /// # Errors
    /// [`Error::Source`] when the source is not an image; [`lazaret_images::Error::DigestMismatch`]
    /// when content does not have its digest.
    pub async fn import_image(
        &self,
        source: &Path,
        name: &str,
        _progress: ProgressSink,
    ) -> Result<Image, Error> {
        let name = local_name(name)?.to_string();
        let text = source.to_string_lossy().into_owned();
        let store = self.images.leased()?;
        let image = match blocking(move || SourceName::parse(&text)).await? {
            SourceName::Images { path, tag } => read(&path, tag, &store).await?,
            SourceName::Folder(path) => {
                let store = self.images.clone();
                blocking(move || folder::convert(&path, &store)).await?
            }
            SourceName::File(path) => {
                let reason = "it is neither a tar nor a folder".to_owned();
                return Err(Error::Source { path, reason });
            }
            SourceName::Name(_) => {
                let absent = std::io::ErrorKind::NotFound.into();
                return Err(Error::io("open", source)(absent));
            }
        };
        let record = blocking(move || finish(store.store(), name, &image)).await?;
        Ok(Image::from(&record))
    }
}

/// Copies the image for this machine's platform into the store; returns its manifest.
async fn read(
    path: &Path,
    tag: Option<String>,
    store: &LeasedStore,
) -> Result<ManifestDocument, Error> {
    let source = at(path, store).await?;
    let root = source.root(&Wanted::from(tag)).await?;
    let image = select(&*source, &root, &Platform::native()).await;
    let graph = Graph::of(image.map_err(|error| without_platform(path, error))?);
    let document = &graph.root().document;
    if let Some(manifest) = document.manifest() {
        store.store().admit(manifest)?;
    }
    copy_blobs(graph.blobs(), &*source, store, PARALLEL).await?;
    store.put_manifest(document.digest(), document).await?;
    Ok(document.clone())
}

/// Stores the record of an image whose blobs are all in the store.
fn finish(
    store: &ImageStore,
    name: String,
    image: &ManifestDocument,
) -> Result<lazaret_images::ImageRecord, Error> {
    let record = store.describe(name, image.digest().clone(), image)?;
    store.put(&record)?;
    Ok(record)
}
