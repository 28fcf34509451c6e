//! Anything that holds an image: a layout folder, a tar, or the store.

use std::path::{Path, PathBuf};

use lazaret_images::{ImageRecord, ImageStore};
use lazaret_oci::{Descriptor, Digest, ManifestContent, ManifestDocument, Platform};

use super::archive::{self, Archive, Stored};
use super::docker;
use super::layout::{self, Blobs, Layout};
use crate::Error;

/// An image or index at hand.
#[derive(Debug, Clone)]
pub(crate) struct ImageSource {
    place: Place,
    entry: Descriptor,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Layout),
    Store(ImageStore),
}

impl ImageSource {
    /// Whether a file is a tar, compressed or not.
    pub(crate) fn is_tar(path: &Path) -> Result<bool, Error> {
        archive::is_tar(path)
    }

    /// The image in a layout folder or tar. A tar goes into the store on the way.
    pub(crate) fn open(path: &Path, tag: Option<&str>, store: &ImageStore) -> Result<Self, Error> {
        if path.is_dir() {
            if !Layout::is_at(path) {
                return Err(Error::Source {
                    path: path.to_owned(),
                    reason: "the folder is no OCI layout: it has no oci-layout and index.json"
                        .to_owned(),
                });
            }
            let layout = Layout::new(path);
            let entry = layout.entry(tag)?;
            return Ok(Self {
                place: Place::Folder(layout),
                entry,
            });
        }
        let entry = match archive::read(path, store)? {
            Archive::Layout { index } => archive::entry(&index, tag, path)?,
            Archive::Docker(contents) => docker::convert(&contents, tag, path, store)?.descriptor(),
        };
        Ok(Self {
            place: Place::Store(store.clone()),
            entry,
        })
    }

    /// A cached image.
    pub(crate) fn stored(store: &ImageStore, record: &ImageRecord) -> Result<Self, Error> {
        let document = super::manifest(store, record)?;
        Ok(Self {
            place: Place::Store(store.clone()),
            entry: document.descriptor(),
        })
    }

    /// The manifest or index.
    pub(crate) fn entry(&self) -> &Descriptor {
        &self.entry
    }

    /// Every manifest, children first, and every blob they need.
    pub(crate) fn closure(&self) -> Result<(Vec<ManifestDocument>, Vec<Descriptor>), Error> {
        self.with(|blobs| layout::closure(blobs, &self.entry))
    }

    /// A document, verified.
    pub(crate) fn document(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        self.with(|blobs| blobs.document(descriptor))
    }

    /// The manifest for a platform, through an index if need be. `place` is for messages.
    pub(crate) fn manifest(
        &self,
        platform: &Platform,
        place: &Path,
    ) -> Result<ManifestDocument, Error> {
        let mut document = self.document(&self.entry)?;
        // An index may lead to a further one, but not on and on.
        for _ in 0..4 {
            let ManifestContent::Index(index) = document.content() else {
                break;
            };
            let entry = index.select(platform).ok_or_else(|| Error::Source {
                path: place.to_owned(),
                reason: format!(
                    "it has no image for {platform}, only {}",
                    index.platforms().join(", ")
                ),
            })?;
            document = self.document(&entry.clone())?;
        }
        Ok(document)
    }

    /// A small blob, verified.
    pub(crate) fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        self.with(|blobs| blobs.read(descriptor))
    }

    /// Whether the place has verified its blobs when it took them.
    pub(crate) fn is_store(&self) -> bool {
        matches!(self.place, Place::Store(_))
    }

    /// The file of a blob.
    pub(crate) fn path(&self, digest: &Digest) -> Result<PathBuf, Error> {
        self.with(|blobs| blobs.path(digest))
    }

    fn with<T>(&self, act: impl FnOnce(&dyn Blobs) -> T) -> T {
        match &self.place {
            Place::Folder(layout) => act(layout),
            Place::Store(store) => act(&Stored(store)),
        }
    }
}

/// `PATH:TAG` into both, when `PATH:TAG` itself does not exist and `PATH` does.
pub(crate) fn split_tag(source: &str) -> (PathBuf, Option<String>) {
    let whole = PathBuf::from(source);
    if !whole.exists()
        && let Some((path, tag)) = source.rsplit_once(':')
        && Path::new(path).exists()
    {
        return (PathBuf::from(path), Some(tag.to_owned()));
    }
    (whole, None)
}
