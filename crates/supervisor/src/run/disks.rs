//! The disks of a machine beside its root: artifacts, and scratch space.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_artifacts::{ArtifactMount, Payload};
use lazaret_images::{DiskClaim, ImageStore};
use lazaret_oci::Digest;
use lazaret_rootfs::{Attributes, DiskBuilder, FileSystem, Options, empty_disk};

use super::boot;
use crate::Error;

/// Changes whenever the writer's output for the same layers does.
const FORMAT: &str = "erofs-1";

/// Size of the scratch disk; sparse, so that only what is written takes room.
const SCRATCH_BYTES: u64 = 16 << 30;

/// The read-only disk with all artifacts, each in a folder named by its position, and where
/// the guest mounts them. `None` when there are none.
pub(super) fn artifacts(
    store: &ImageStore,
    mounts: &[ArtifactMount],
) -> Result<Option<(PathBuf, Vec<lazaret_protocol::ArtifactMount>)>, Error> {
    if mounts.is_empty() {
        return Ok(None);
    }
    let identity = |mount: &ArtifactMount| match &mount.payload {
        Payload::File(content) => format!("file {}", Digest::of(content)),
        Payload::Layers(layers) => {
            let digests = layers.iter().map(|layer| layer.digest.to_string());
            format!("layers {}", digests.collect::<Vec<_>>().join(" "))
        }
    };
    let parts: Vec<String> = mounts.iter().map(identity).collect();
    let key = key("artifacts", &parts);
    let path = cached(store, &key, |file| write_artifacts(store, mounts, file))?;
    let table =
        mounts
            .iter()
            .enumerate()
            .map(|(position, mount)| lazaret_protocol::ArtifactMount {
                serial: boot::ARTIFACTS.to_owned(),
                source: position.to_string(),
                target: mount.target.path.to_string(),
                read_only: mount.target.read_only,
            });
    Ok(Some((path, table.collect())))
}

fn write_artifacts(store: &ImageStore, mounts: &[ArtifactMount], file: File) -> Result<(), Error> {
    let options = Options {
        file_system: FileSystem::Erofs,
        label: boot::ARTIFACTS.to_owned(),
        ..Options::default()
    };
    let failed = |source| Error::Convert {
        subject: "the artifacts".to_owned(),
        source,
    };
    let mut disk = DiskBuilder::create(file, options).map_err(failed)?;
    for (position, mount) in mounts.iter().enumerate() {
        let place = position.to_string();
        let failed = |source| Error::Convert {
            subject: mount.reference.to_string(),
            source,
        };
        match &mount.payload {
            Payload::File(content) => {
                disk.add_file(&place, Attributes::new(0o644), &content[..])
                    .map_err(failed)?;
            }
            Payload::Layers(layers) => {
                disk.add_directory(&place, Attributes::new(0o755))
                    .map_err(failed)?;
                for layer in layers {
                    let blob = open_blob(store, &layer.digest)?;
                    disk.apply_layer(blob, &place).map_err(failed)?;
                }
            }
        }
    }
    disk.finish().map_err(failed)?;
    Ok(())
}

/// A fresh writable disk in `folder`.
pub(super) fn scratch(folder: &Path) -> Result<PathBuf, Error> {
    let path = folder.join("scratch.ext4");
    let file = create(&path)?;
    let options = Options {
        label: boot::SCRATCH.to_owned(),
        ..Options::default()
    };
    empty_disk(file, SCRATCH_BYTES, options).map_err(|source| Error::Convert {
        subject: "the scratch disk".to_owned(),
        source,
    })?;
    Ok(path)
}

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

pub(super) fn create(path: &Path) -> Result<File, Error> {
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(Error::io("create", path))
}

/// The key of a disk that depends on these parts and the writer.
pub(super) fn key(kind: &str, parts: &[String]) -> String {
    let digest = Digest::of(format!("{FORMAT}\n{}", parts.join("\n")).as_bytes());
    format!("{kind}-{}.erofs", digest.hex())
}

fn open_blob(store: &ImageStore, digest: &Digest) -> Result<File, Error> {
    let path = blob_path(store, digest)?;
    File::open(&path).map_err(Error::io("open", &path))
}

pub(super) fn blob_path(store: &ImageStore, digest: &Digest) -> Result<PathBuf, Error> {
    store.path(digest).ok_or_else(|| Error::BlobMissing {
        digest: digest.clone(),
    })
}
