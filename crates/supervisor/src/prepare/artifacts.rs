//! Makes the disk with the artifacts of a run.

use std::fs::File;
use std::path::PathBuf;

use lazaret_artifacts::{ArtifactMount, Payload};
use lazaret_images::ImageStore;
use lazaret_oci::Digest;
use lazaret_rootfs::{Attributes, DiskBuilder, FileSystem, Options};

use super::cached::{cached, key, open_blob};
use super::serial;
use crate::Error;

/// The read-only disk with all artifacts, each in a folder named by its position.
pub(super) struct Artifacts {
    pub(super) path: PathBuf,
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
                serial: serial::ARTIFACTS.to_owned(),
                source: position.to_string(),
                target: mount.target.path.to_string(),
                read_only: mount.target.read_only,
            });
    Ok(Some(Artifacts {
        path,
        mounts: table.collect(),
    }))
}

fn write_artifacts(store: &ImageStore, mounts: &[ArtifactMount], file: File) -> Result<(), Error> {
    let options = Options {
        file_system: FileSystem::Erofs,
        label: serial::ARTIFACTS.to_owned(),
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
                    let blob = open_blob(store, &layer.digest)?.reader();
                    disk.apply_layer(blob, &place).map_err(failed)?;
                }
            }
        }
    }
    disk.finish().map_err(failed)?;
    Ok(())
}
