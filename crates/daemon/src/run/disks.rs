//! The disks of a machine: the image, the artifacts, and scratch space.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lazaret_artifacts::{ArtifactMount, Payload};
use lazaret_oci::{Digest, ImageConfig, Manifest};
use lazaret_protocol::Verity;
use lazaret_rootfs::{
    Attributes, DiskBuilder, FileSystem, Options, Summary, append_verity, empty_disk,
};
use lazaret_store::{DiskClaim, ImageStore};

use super::{RootDisk, boot};
use crate::Error;
use crate::image::convert::Conversion;

/// Changes whenever the writer's output for the same layers does.
const FORMAT: &str = "erofs-1";

/// Size of the scratch disk; sparse, so that only what is written takes room.
const SCRATCH_BYTES: u64 = 16 << 30;

/// Size of a root disk of a machine's own; sparse, too.
const OWN_BYTES: u64 = 32 << 30;

/// The disk that a machine has its root on.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub(super) path: PathBuf,
    pub(super) kind: RootDisk,
    pub(super) file_system: FileSystem,
    /// What a checked disk is checked against.
    pub(super) verity: Option<Verity>,
}

/// An image whose layers are, or will be, where `open` says.
pub(super) struct Layers<'a> {
    pub(super) name: &'a str,
    pub(super) manifest: &'a Manifest,
    pub(super) config: &'a ImageConfig,
    pub(super) open: &'a dyn Fn(&Digest) -> Result<PathBuf, Error>,
}

impl Layers<'_> {
    fn write(&self, file: File, file_system: FileSystem) -> Result<Summary, Error> {
        let options = Options {
            file_system,
            size: Some(OWN_BYTES),
            label: boot::ROOT.to_owned(),
            ..Options::default()
        };
        let conversion = Conversion {
            name: self.name,
            manifest: self.manifest,
            config: self.config,
            open: self.open,
            verify: false,
            inject: &[],
        };
        conversion.run(file, options)
    }
}

/// A disk of the store with the image's tree, made from its layers if the store lacks it.
pub(super) fn stored_root(
    store: &ImageStore,
    layers: &Layers<'_>,
    is_checked: bool,
) -> Result<Root, Error> {
    if is_checked {
        return checked_root(store, layers);
    }
    let [key, ..] = image_keys(layers.config);
    let path = cached(store, &key, |file| {
        layers.write(file, FileSystem::Erofs).map(drop)
    })?;
    Ok(Root {
        path,
        kind: RootDisk::Shared,
        file_system: FileSystem::Erofs,
        verity: None,
    })
}

/// A disk that came from a catalogue.
pub(super) fn prebuilt_root(path: PathBuf) -> Root {
    Root {
        path,
        kind: RootDisk::Shared,
        file_system: FileSystem::Ext4,
        verity: None,
    }
}

/// The root hash is a file of its own, published before the disk: where there is a disk, it is there.
fn checked_root(store: &ImageStore, layers: &Layers<'_>) -> Result<Root, Error> {
    let [_, key, hash_key] = image_keys(layers.config);
    let path = cached(store, &key, |file| {
        let handle = file
            .try_clone()
            .map_err(Error::io("open", Path::new(&key)))?;
        let summary = layers.write(file, FileSystem::Erofs)?;
        let tree = append_verity(&handle, summary.size, &summary.uuid);
        let tree = tree.map_err(|source| Error::Convert {
            subject: layers.name.to_owned(),
            source,
        })?;
        let verity = Verity {
            root_hash: tree.root_hash.iter().map(|b| format!("{b:02x}")).collect(),
            hash_offset: tree.hash_offset,
        };
        store.remove_disk(&hash_key)?;
        cached(store, &hash_key, |mut file| {
            let text = serde_json::to_vec(&verity).map_err(std::io::Error::from);
            text.and_then(|text| file.write_all(&text))
                .map_err(Error::io("write", Path::new(&hash_key)))
        })
        .map(drop)
    })?;
    let hash_path = store.disk(&hash_key)?.ok_or_else(|| Error::RootHash {
        key: hash_key.clone(),
    })?;
    let text = std::fs::read(&hash_path).map_err(Error::io("read", &hash_path))?;
    let verity = serde_json::from_slice(&text).map_err(|_| Error::RootHash { key: hash_key })?;
    Ok(Root {
        path,
        kind: RootDisk::Checked,
        file_system: FileSystem::Erofs,
        verity: Some(verity),
    })
}

/// A writable disk with the image's tree in `folder`.
pub(super) fn own_root(folder: &Path, layers: &Layers<'_>) -> Result<Root, Error> {
    let path = folder.join("root.ext4");
    layers.write(create(&path)?, FileSystem::Ext4)?;
    Ok(Root {
        path,
        kind: RootDisk::Own,
        file_system: FileSystem::Ext4,
        verity: None,
    })
}

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
fn cached(
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

fn create(path: &Path) -> Result<File, Error> {
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(Error::io("create", path))
}

/// The keys of an image's disks, which say all that they depend on: plain, checked, and the root hash of
/// that one.
pub(crate) fn image_keys(config: &ImageConfig) -> [String; 3] {
    let parts: Vec<String> = config
        .rootfs
        .diff_ids
        .iter()
        .map(Digest::to_string)
        .collect();
    let checked = key("checked", &parts);
    let hash = format!("{checked}.json");
    [key("image", &parts), checked, hash]
}

fn key(kind: &str, parts: &[String]) -> String {
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
