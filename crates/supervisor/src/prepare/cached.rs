//! Disks that are made once and kept in the image store.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_images::{DiskClaim, FileRange, ImageStore};
use lazaret_oci::Digest;

use crate::Error;

/// Version of the writer: it changes whenever the output for the same layers does.
const FORMAT: &str = "erofs-1";

/// Returns the disk of `key`; `build` makes it if it is not in the store.
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

/// The key of a disk, made of its kind, these parts and the version of the writer.
pub(super) fn key(kind: &str, parts: &[String]) -> String {
    let digest = Digest::of(format!("{FORMAT}\n{}", parts.join("\n")).as_bytes());
    format!("{kind}-{}.erofs", digest.hex())
}

/// Creates a file, open for reading and writing.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(Error::io("create", path))
}

/// Opens a blob of the store.
pub(super) fn open_blob(store: &ImageStore, digest: &Digest) -> Result<FileRange, Error> {
    let range = store.open_blob(digest)?;
    range.ok_or_else(|| Error::BlobMissing {
        digest: digest.clone(),
    })
}
