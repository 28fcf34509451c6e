//! Makes the root disk of a machine.
//!
//! Images share their common layers: each layer is converted once, whatever images it is part of.
//! An image's disk is the data of its layers, followed by the merged metadata.
//!
//! | key in the store | what |
//! |---|---|
//! | `layer-DIFFID.1` | a stored layer |
//! | `image-HASH.erofs` | superblock and metadata of an image over its stored layers |
//! | `whole-HASH.erofs` | the same image in one file, for hypervisors that cannot join parts |
//! | `checked-HASH.erofs`, `.json` | the whole image with a dm-verity tree, and the root hash |
//! | `bundle-SHA256.ext4` | from a catalogue |

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lazaret_images::{FileRange, ImageStore};
use lazaret_oci::{Descriptor, Digest, ImageConfig, Manifest};
use lazaret_protocol::Verity;
use lazaret_rootfs::{
    FileSystem, Limits, Options, StoredLayer, Summary, append_verity, merge_layers, parts,
    store_layer,
};
use lazaret_vm::DiskPart;

use super::cached::{cached, create, key, open_blob};
use super::request::RootDisk;
use super::serial;
use crate::image::convert::Conversion;
use crate::machines::DiskContent;
use crate::{Error, room};

/// Version of the form of stored layers; it is part of their keys.
const LAYER_FORMAT: u32 = 1;

/// Largest root disk of a machine's own, in bytes; the file is sparse.
const MOST_OWN: u64 = 32 << 30;

/// Processors counted for each layer that is converted at once; each uses two or three threads.
const PROCESSORS_PER_LAYER: usize = 2;

/// The root disk of a machine.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) content: DiskContent,
    pub(super) kind: RootDisk,
    pub(super) file_system: FileSystem,
    /// The root hash and layout of the dm-verity tree of a checked disk.
    pub(super) verity: Option<Verity>,
}

/// The layers of an image, which `open` returns, possibly after waiting for them.
pub(super) struct Layers<'a> {
    pub(super) name: &'a str,
    pub(super) manifest: &'a Manifest,
    pub(super) config: &'a ImageConfig,
    pub(super) open: &'a (dyn Fn(&Descriptor) -> Result<FileRange, Error> + Sync),
}

impl Layers<'_> {
    fn conversion(&self) -> Conversion<'_> {
        Conversion {
            name: self.name,
            manifest: self.manifest,
            config: self.config,
            open: self.open,
            inject: &[],
        }
    }

    fn write(
        &self,
        file: File,
        file_system: FileSystem,
        size: Option<u64>,
    ) -> Result<Summary, Error> {
        let options = Options {
            file_system,
            size,
            label: serial::ROOT.to_owned(),
            ..Options::default()
        };
        self.conversion().run(file, options)
    }

    fn failed(&self) -> impl Fn(lazaret_rootfs::Error) -> Error {
        |source| Error::Convert {
            subject: self.name.to_owned(),
            source,
        }
    }
}

/// The image's shared disk; parts that the store lacks are made and kept there.
pub(super) fn shared(store: &ImageStore, layers: &Layers<'_>) -> Result<Root, Error> {
    let paths = store_layers(store, layers)?;
    let open = |(path, blob): (&PathBuf, &Descriptor)| {
        let file = File::open(path).map_err(Error::io("open", path))?;
        StoredLayer::open(file, blob.size).map_err(layers.failed())
    };
    let blobs = &layers.manifest.layers;
    let stored = paths.iter().zip(blobs).map(open);
    let stored = stored.collect::<Result<Vec<_>, Error>>()?;
    let ImageKeys { image: key, .. } = ImageKeys::of(layers.config);
    let own = cached(store, &key, |file| {
        let options = Options {
            label: serial::ROOT.to_owned(),
            ..Options::default()
        };
        let merged = merge_layers(&stored, file, options);
        merged.map(drop).map_err(layers.failed())
    })?;
    let length = std::fs::metadata(&own).map_err(Error::io("inspect", &own))?;
    let parts = parts(&stored, length.len())
        .into_iter()
        .map(|part| DiskPart {
            path: part.layer.map_or(&own, |index| &paths[index]).clone(),
            offset: part.offset,
            length: part.length,
        });
    Ok(Root {
        content: DiskContent::Parts(parts.collect()),
        kind: RootDisk::Shared,
        file_system: FileSystem::Erofs,
        verity: None,
    })
}

/// The image's shared disk in one file, for a hypervisor that cannot join its parts.
pub(super) fn whole(store: &ImageStore, layers: &Layers<'_>) -> Result<Root, Error> {
    let root = shared(store, layers)?;
    let DiskContent::Parts(parts) = &root.content else {
        return Ok(root);
    };
    let ImageKeys { whole: key, .. } = ImageKeys::of(layers.config);
    let path = cached(store, &key, |mut file| {
        for part in parts {
            let mut copy = || {
                let mut from = File::open(&part.path)?;
                from.seek(SeekFrom::Start(part.offset))?;
                let copied = io::copy(&mut from.take(part.length), &mut file)?;
                match copied == part.length {
                    true => Ok(()),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            };
            copy().map_err(Error::io("copy", &part.path))?;
        }
        Ok(())
    })?;
    Ok(Root {
        content: DiskContent::File(path),
        ..root
    })
}

/// Converts the layers that the store lacks, several at once; returns the paths of all.
fn store_layers(store: &ImageStore, layers: &Layers<'_>) -> Result<Vec<PathBuf>, Error> {
    let conversion = layers.conversion();
    let diff_ids = conversion.diff_ids()?;
    let wanted = &layers.manifest.layers;
    let store_one = |index: usize| {
        let (layer, diff_id) = (&wanted[index], &diff_ids[index]);
        cached(store, &layer_key(diff_id), |file| {
            conversion.layer(layer, diff_id, |blob| {
                store_layer(blob, &file, Limits::default())
            })
        })
    };
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= wanted.len() {
                return;
            }
            let result = store_one(index);
            if result.is_err() {
                // Makes the other threads end after their current layer.
                next.store(wanted.len(), Ordering::Relaxed);
            }
            let mut results = results.lock().unwrap_or_else(|broken| broken.into_inner());
            results.push((index, result));
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (processors / PROCESSORS_PER_LAYER).clamp(1, wanted.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner());
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The image in one file with a dm-verity tree. The root hash is a file of its own, published
/// before the disk: where the disk exists, its root hash exists too.
pub(super) fn checked(store: &ImageStore, layers: &Layers<'_>) -> Result<Root, Error> {
    let ImageKeys {
        checked: key,
        hash: hash_key,
        ..
    } = ImageKeys::of(layers.config);
    let path = cached(store, &key, |file| {
        let handle = file
            .try_clone()
            .map_err(Error::io("open", Path::new(&key)))?;
        let summary = layers.write(file, FileSystem::Erofs, None)?;
        let tree = append_verity(&handle, summary.size, &summary.uuid);
        let tree = tree.map_err(layers.failed())?;
        let verity = Verity {
            root_hash: lazaret_values::hex(&tree.root_hash),
            hash_offset: tree.hash_offset,
        };
        store.remove_disk(&hash_key)?;
        cached(store, &hash_key, |mut file| {
            let text = serde_json::to_vec(&verity).map_err(io::Error::from);
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
        content: DiskContent::File(path),
        kind: RootDisk::Checked,
        file_system: FileSystem::Erofs,
        verity: Some(verity),
    })
}

/// A writable disk with the image's tree, of `wanted` bytes or of as many as the host can spare,
/// written when the machine is made.
pub(super) fn own(
    store: ImageStore,
    name: String,
    manifest: Manifest,
    config: ImageConfig,
    wanted: Option<u64>,
) -> Root {
    let write = move |path: &Path| {
        let layers = Layers {
            name: &name,
            manifest: &manifest,
            config: &config,
            open: &|layer: &Descriptor| open_blob(&store, &layer.digest),
        };
        let bytes = wanted.unwrap_or_else(|| room::writable_bytes(path, MOST_OWN));
        let file = create(path)?;
        layers.write(file, FileSystem::Ext4, Some(bytes)).map(drop)
    };
    Root {
        content: DiskContent::Own(Box::new(write)),
        kind: RootDisk::Own,
        file_system: FileSystem::Ext4,
        verity: None,
    }
}

/// The disk of a prebuilt image from a catalogue.
pub(super) fn prebuilt(path: PathBuf) -> Root {
    Root {
        content: DiskContent::File(path),
        kind: RootDisk::Shared,
        file_system: FileSystem::Ext4,
        verity: None,
    }
}

/// The keys of an image's disks. They name everything that the disks depend on.
struct ImageKeys {
    /// The merged one.
    image: String,
    /// The merged one with all its parts.
    whole: String,
    /// The checked one, and its root hash.
    checked: String,
    hash: String,
}

impl ImageKeys {
    fn of(config: &ImageConfig) -> Self {
        let diff_ids = config.rootfs.diff_ids.iter();
        let parts: Vec<String> = diff_ids.map(Digest::to_string).collect();
        let checked = key("checked", &parts);
        Self {
            image: key("image", &parts),
            whole: key("whole", &parts),
            hash: format!("{checked}.json"),
            checked,
        }
    }
}

fn layer_key(diff_id: &Digest) -> String {
    format!("layer-{}.{LAYER_FORMAT}", diff_id.hex())
}

/// The keys of all files in the store that an image's disks consist of.
pub(crate) fn needed_keys(config: &ImageConfig) -> impl Iterator<Item = String> + '_ {
    let layers = config.rootfs.diff_ids.iter().map(layer_key);
    let ImageKeys {
        image,
        whole,
        checked,
        hash,
    } = ImageKeys::of(config);
    [image, whole, checked, hash].into_iter().chain(layers)
}
