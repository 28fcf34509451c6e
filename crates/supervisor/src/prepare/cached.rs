//! Disks that the image store keeps, so that they are made once.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_images::{DiskClaim, FileRange, ImageStore};
use lazaret_oci::Digest;

use crate::Error;

/// Changes whenever the writer's output for the same layers does.
const FORMAT: &str = "erofs-1";

/// The disk for `key`, made by `build` if the store lacks it.
pub(super) fn cached(
    store: &ImageStore,
    key: &str,
    build: impl FnOnce(File) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    match store.claim_disk(key)? {
        DiskClaim::Ready(path) => Ok(path),
        DiskClaim::Build(claim) => {
            build(claim.create()?)?;
            Ok(claim.publish()?)
        }
    }
}

/// The key of a disk that depends on these parts and the writer.
pub(super) fn key(kind: &str, parts: &[String]) -> String {
    let digest = Digest::of(format!("{FORMAT}\n{}", parts.join("\n")).as_bytes());
    format!("{kind}-{}.erofs", digest.hex())
}

/// A new file, open for reading and writing.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(Error::io("create", path))
}

/// The content of a blob in the store.
pub(super) fn open_blob(store: &ImageStore, digest: &Digest) -> Result<FileRange, Error> {
    let range = store.open_blob(digest)?;
    range.ok_or_else(|| Error::BlobMissing {
        digest: digest.clone(),
    })
}
