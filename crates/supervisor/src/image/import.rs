//! `image import`: any source becomes blobs and a record in the store.

use std::fs::File;
use std::path::Path;

use lazaret_images::{ImageRecord, ImageStore};
use lazaret_oci::{Digest, ManifestDocument, Platform};

use super::layout::Layout;
use super::source::{ImageSource, split_tag};
use super::{Image, blobs, folder, local_name};
use crate::{Error, Home, ProgressSink, blocking};

impl Home {
    /// Imports an image under `name`. A name that is taken moves to the new image.
    ///
    /// # Errors
    /// [`Error::Source`] when the source is no image; [`Error::DigestMismatch`] when content
    /// is not what its name says.
    pub async fn import_image(
        &self,
        source: &Path,
        name: &str,
        _progress: ProgressSink,
    ) -> Result<Image, Error> {
        let name = local_name(name)?;
        let store = self.images.clone();
        let source = source.to_string_lossy().into_owned();
        let _lease = self.images.lease()?;
        let record = blocking(move || {
            let (path, tag) = split_tag(&source);
            let manifest = read(&path, tag.as_deref(), &store)?;
            record(
                &store,
                name.to_string(),
                manifest.digest().clone(),
                &manifest,
            )
        })
        .await?;
        self.images.put(&record)?;
        Ok(Image::from(&record))
    }
}

/// Brings everything into the store and returns the manifest for this machine.
fn read(path: &Path, tag: Option<&str>, store: &ImageStore) -> Result<ManifestDocument, Error> {
    let metadata = path.metadata().map_err(Error::io("open", path))?;
    if metadata.is_dir() && !Layout::is_at(path) {
        return folder::convert(path, store);
    }
    if metadata.is_file() && !ImageSource::is_tar(path)? {
        return Err(Error::Source {
            path: path.to_owned(),
            reason: "it is neither a tar nor a folder".to_owned(),
        });
    }
    let source = ImageSource::open(path, tag, store)?;
    let document = source.manifest(&Platform::native(), path)?;
    if let Some(manifest) = document.manifest() {
        for blob in manifest.blobs() {
            let path = source.path(&blob.digest)?;
            if store.path(&blob.digest).is_none() {
                let file = File::open(&path).map_err(Error::io("open", &path))?;
                blobs::put(store, file, Some(&blob.digest), &blob.digest.to_string())?;
            }
        }
    }
    blobs::put(
        store,
        document.raw(),
        Some(document.digest()),
        "the manifest",
    )?;
    Ok(document)
}

/// The record of a manifest whose blobs are all in the store.
pub(crate) fn record(
    store: &ImageStore,
    name: String,
    source: Digest,
    document: &ManifestDocument,
) -> Result<ImageRecord, Error> {
    let (config, _) = super::config(store, document)?;
    let blobs: u64 = document
        .manifest()
        .map(|manifest| manifest.blobs().map(|blob| blob.size).sum())
        .unwrap_or_default();
    Ok(ImageRecord::new(
        name,
        document.digest().clone(),
        source,
        Platform {
            os: config.os,
            architecture: config.architecture,
            variant: None,
        },
        blobs + document.raw().len() as u64,
    ))
}
