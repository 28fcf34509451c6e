//! Reads `docker save` archives: a tar whose `manifest.json` names a configuration and uncompressed
//! layers for each image.
//!
//! Such an image has no manifest. This source makes one, the same for the same tar, and compresses
//! the layers into the image store, where the blobs of this source then are.

use std::collections::HashMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use flate2::{Compression, GzBuilder};
use lazaret_files::blocking;
use lazaret_oci::{
    Algorithm, Descriptor, Digest, Hasher, ImageConfig, Manifest, ManifestDocument, media_type,
};
use serde::Deserialize;

use crate::archive::Archive;
use crate::blob::{Blob, FileRange};
use crate::compression::Compression as Packed;
use crate::document;
use crate::error::{Error, io as failed, unusable};
use crate::names;
use crate::{ImageStore, LeasedStore, Source, Wanted};

/// The list of images.
pub(crate) const LIST: &str = "manifest.json";
/// Compression level of the layers: that of other tools, so that sizes are comparable.
const LEVEL: Compression = Compression::new(6);

/// An image in the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

/// A tar of images as `docker save` writes it.
#[derive(Clone)]
pub(crate) struct DockerArchive {
    archive: Arc<Archive>,
    store: LeasedStore,
    /// Manifests made so far, by their configuration.
    made: Arc<Mutex<HashMap<String, ManifestDocument>>>,
    /// Layers made so far, by their place in the tar, with their diff ids.
    layers: Arc<Mutex<HashMap<u64, (Digest, Descriptor)>>>,
}

impl DockerArchive {
    /// Opens a tar that has a list of images.
    pub(crate) fn new(archive: Archive, store: LeasedStore) -> Self {
        Self {
            archive: Arc::new(archive),
            store,
            made: Arc::default(),
            layers: Arc::default(),
        }
    }

    fn find(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let entries = self.entries()?;
        let name = match wanted {
            Wanted::Only => None,
            Wanted::Name(name) => Some(&name[..]),
            Wanted::Index(index) => {
                let entry = entries.get(*index).ok_or_else(|| {
                    let reason =
                        format!("it has {} images, the first of which is @0", entries.len());
                    unusable(self.archive.path(), reason)
                })?;
                return Ok(self.manifest_of(entry)?.descriptor());
            }
            Wanted::Digest(digest) => return self.by_digest(&entries, digest),
        };
        let entry = choose(&entries, name);
        let entry = entry.map_err(|reason| unusable(self.archive.path(), reason))?;
        Ok(self.manifest_of(entry)?.descriptor())
    }

    fn by_digest(&self, entries: &[Entry], digest: &Digest) -> Result<Descriptor, Error> {
        for entry in entries {
            let document = self.manifest_of(entry)?;
            if document.digest() == digest {
                return Ok(document.descriptor());
            }
        }
        let reason = format!("no image has the digest {digest}");
        Err(unusable(self.archive.path(), reason))
    }

    fn entries(&self) -> Result<Vec<Entry>, Error> {
        let list = document::read(&self.file(LIST)?)?;
        serde_json::from_slice(&list).map_err(|error| {
            let reason = format!("{LIST} is not what `docker save` writes: {error}");
            unusable(self.archive.path(), reason)
        })
    }

    fn file(&self, name: &str) -> Result<FileRange, Error> {
        self.archive.file(name).ok_or_else(|| {
            let reason = format!("{LIST} names '{name}', which is not there");
            unusable(self.archive.path(), reason)
        })
    }

    /// The manifest of an image; afterwards the image's blobs are in the store.
    fn manifest_of(&self, entry: &Entry) -> Result<ManifestDocument, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = made.get(&entry.config) {
            return Ok(document.clone());
        }
        let document = self.convert(entry)?;
        made.insert(entry.config.clone(), document.clone());
        Ok(document)
    }

    /// The layer of this name. One that images share, or name twice, is made once.
    fn layer(&self, name: &str, diff_id: &Digest) -> Result<Descriptor, Error> {
        let content = self.file(name)?;
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, made)) = layers.get(&content.offset())
            && known == diff_id
        {
            return Ok(made.clone());
        }
        let made = layer(self.store.store(), &content, diff_id, name)?;
        layers.insert(content.offset(), (diff_id.clone(), made.clone()));
        Ok(made)
    }

    fn convert(&self, entry: &Entry) -> Result<ManifestDocument, Error> {
        let store = self.store.store();
        let config = document::read(&self.file(&entry.config)?)?;
        let diff_ids = ImageConfig::parse(&config)?.rootfs.diff_ids;
        // Go writes a list that was never made as null: an image from scratch has no layers.
        let names = entry.layers.as_deref().unwrap_or_default();
        if diff_ids.len() != names.len() {
            return Err(Error::LayerCount {
                image: self.archive.path().display().to_string(),
                layers: names.len(),
                diff_ids: diff_ids.len(),
            });
        }
        let mut layers = Vec::new();
        for (name, diff_id) in names.iter().zip(&diff_ids) {
            layers.push(self.layer(name, diff_id)?);
        }
        let (digest, size) = store.add(&config[..], None, &entry.config)?;
        let manifest = ManifestDocument::of_manifest(Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::new(media_type::IMAGE_CONFIG, digest, size),
            layers,
            subject: None,
            annotations: Default::default(),
        });
        store.add(manifest.raw(), Some(manifest.digest()), "the manifest")?;
        Ok(manifest)
    }
}

/// The layer in the usual compression, gzip. A layer that is compressed already stays as it is; its
/// diff id is checked when a disk is made from it.
fn layer(
    store: &ImageStore,
    content: &FileRange,
    diff_id: &Digest,
    name: &str,
) -> Result<Descriptor, Error> {
    let content_of = || BufReader::new(content.reader());
    let detected = Packed::detect(content_of()).map_err(failed("read", content.name().as_ref()));
    let kept = match detected?.0 {
        Packed::Gzip => Some(media_type::LAYER_GZIP),
        Packed::Zstd => Some(media_type::LAYER_ZSTD),
        Packed::Plain | Packed::Xz => None,
    };
    let (digest, size) = match kept {
        Some(_) => store.add(content.reader(), None, name)?,
        None => compress(store, content, diff_id, name)?,
    };
    let media_type = kept.unwrap_or(media_type::LAYER_GZIP);
    Ok(Descriptor::new(media_type, digest, size))
}

fn compress(
    store: &ImageStore,
    content: &FileRange,
    diff_id: &Digest,
    name: &str,
) -> Result<(Digest, u64), Error> {
    let mut writer = store.writer()?;
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(&mut writer, LEVEL);
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let compressed = hash_through(content, &mut hasher, &mut encoder)
        .and_then(|()| encoder.finish())
        .and_then(|writer| writer.flush());
    compressed.map_err(failed("compress", content.name().as_ref()))?;
    let actual = hasher.finish();
    if actual != *diff_id {
        return Err(Error::DigestMismatch {
            subject: format!("diff id of layer '{name}'"),
            expected: diff_id.clone(),
            actual,
        });
    }
    writer.commit(None)
}

fn hash_through(from: &FileRange, hasher: &mut Hasher, to: &mut impl io::Write) -> io::Result<()> {
    let (mut reader, mut buffer) = (from.reader(), vec![0; 256 * 1024]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                hasher.update(&buffer[..length]);
                to.write_all(&buffer[..length])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn choose<'a>(entries: &'a [Entry], name: Option<&str>) -> Result<&'a Entry, String> {
    let tags = |entry: &'a Entry| entry.repo_tags.iter().flatten().map(String::as_str);
    let matching = match name {
        None => entries.iter().collect(),
        Some(name) => names::matching(entries, tags, name),
    };
    let all = || entries.iter().flat_map(tags).collect::<Vec<_>>().join(", ");
    match (&matching[..], name) {
        ([entry], _) => Ok(entry),
        ([], Some(name)) => Err(format!("no image is called '{name}'; there are: {}", all())),
        ([], None) => Err("it holds no image".to_owned()),
        _ => Err(format!(
            "it holds several images; choose one by name or place, as TAR:NAME or TAR:@0, of: {}",
            all()
        )),
    }
}

#[async_trait]
impl Source for DockerArchive {
    async fn root(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let (this, wanted) = (self.clone(), wanted.clone());
        blocking(move || this.find(&wanted)).await
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        self.store.manifest(descriptor).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        self.store.blob(descriptor).await
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, Error> {
        Ok(Vec::new())
    }
}
