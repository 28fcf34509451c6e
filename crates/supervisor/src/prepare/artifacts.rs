//! Makes the disk with the artifacts of a run.

use std::fs::File;

use lazaret_artifacts::{ArtifactMount, Payload};
use lazaret_images::ImageStore;
use lazaret_oci::Digest;
use lazaret_rootfs::{Attributes, DiskBuilder, FileSystem, Options, Summary};

use super::cached::{cached, key, open_blob};
use super::serial;
use crate::Error;
use crate::machines::DiskContent;

/// The read-only disk with all artifacts, each in a folder named by its position.
pub(super) struct Artifacts {
    pub(super) content: DiskContent,
    /// The mount points of the artifacts in the guest.
    pub(super) mounts: Vec<lazaret_protocol::ArtifactMount>,
}

/// Makes the disk for these mounts; `None` when there are none.
pub(super) fn disk(
    store: &ImageStore,
    mounts: &[ArtifactMount],
) -> Result<Option<Artifacts>, Error> {
    if mounts.is_empty() {
        return Ok(None);
    }
    let path = cached(store, &identity(mounts), |file| {
        write_artifacts(store, mounts, file, Options::default()).map(drop)
    })?;
    Ok(Some(Artifacts {
        content: DiskContent::File(path),
        mounts: table(mounts),
    }))
}

/// A text that says everything on which the disk for these mounts depends.
pub(crate) fn identity(mounts: &[ArtifactMount]) -> String {
    let identity = |mount: &ArtifactMount| match &mount.payload {
        Payload::File(content) => format!("file {}", Digest::of(content)),
        Payload::Layers(layers) => {
            let digests = layers.iter().map(|layer| layer.digest.to_string());
            format!("layers {}", digests.collect::<Vec<_>>().join(" "))
        }
    };
    let parts: Vec<String> = mounts.iter().map(identity).collect();
    key("artifacts", &parts)
}

/// Where the guest mounts what is on the disk.
pub(super) fn table(mounts: &[ArtifactMount]) -> Vec<lazaret_protocol::ArtifactMount> {
    let place = |(position, mount): (usize, &ArtifactMount)| lazaret_protocol::ArtifactMount {
        serial: serial::ARTIFACTS.to_owned(),
        source: position.to_string(),
        target: mount.target.path.to_string(),
        read_only: mount.target.read_only,
    };
    mounts.iter().enumerate().map(place).collect()
}

/// Writes the disk; `base` has the options that are not settled here.
pub(crate) fn write_artifacts(
    store: &ImageStore,
    mounts: &[ArtifactMount],
    file: File,
    base: Options,
) -> Result<Summary, Error> {
    let options = Options {
        file_system: FileSystem::Erofs,
        label: serial::ARTIFACTS.to_owned(),
        ..base
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
                    let blob = open_blob(store, &layer.digest)?.reader();
                    disk.apply_layer(blob, &place).map_err(failed)?;
                }
            }
        }
    }
    disk.finish().map_err(failed)
}
