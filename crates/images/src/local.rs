//! Opens an image at a path of this machine: a layout folder, or a tar with a layout or in the
//! format of `docker save` and `podman save`.

use std::path::Path;

use crate::archive::Archive;
use crate::docker::{DockerArchive, LIST};
use crate::error::{Error, unusable};
use crate::layout::{Folder, Layout};
use crate::{LeasedStore, Source};

/// Whether a folder is an OCI layout.
#[must_use]
pub fn is_layout(folder: &Path) -> bool {
    Folder::is_at(folder)
}

/// Whether a file begins like a tar, compressed or not.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read.
pub fn is_tar(path: &Path) -> Result<bool, Error> {
    Archive::is_at(path)
}

/// Opens the images at a path. Layers that have to be compressed, and a tar that has to be
/// decompressed, are written to `store`. The call blocks.
///
/// # Errors
/// [`Error::Source`] when there is no image; [`Error::Io`].
pub fn open(path: &Path, store: &LeasedStore) -> Result<Box<dyn Source>, Error> {
    if path.is_dir() {
        return Ok(Box::new(Layout::in_folder(path)?));
    }
    let archive = Archive::open(path, store.store())?;
    let has = |name| archive.file(name).is_some();
    if has("oci-layout") && has("index.json") {
        return Ok(Box::new(Layout::of(archive)));
    }
    if has(LIST) {
        return Ok(Box::new(DockerArchive::new(archive, store.clone())));
    }
    let reason = "it is neither an OCI layout nor what `docker save` writes: it has no \
                  index.json and no manifest.json";
    Err(unusable(path, reason))
}
