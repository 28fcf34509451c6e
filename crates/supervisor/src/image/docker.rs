//! `docker save`: `manifest.json` names a configuration and uncompressed layers for each image.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use lazaret_images::ImageStore;
use lazaret_oci::{Descriptor, Digest, ImageConfig, Manifest, ManifestDocument, media_type};
use serde::Deserialize;

use super::archive::Contents;
use super::blobs;
use crate::Error;

/// Level of the layers made here: what other tools use, so sizes are comparable.
const LEVEL: Compression = Compression::new(6);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Turns one image of the tar into an OCI image in the store. The same tar always gives the
/// same manifest.
pub(super) fn convert(
    contents: &Contents,
    tag: Option<&str>,
    path: &Path,
    store: &ImageStore,
) -> Result<ManifestDocument, Error> {
    let fail = |reason: String| Error::Source {
        path: path.to_owned(),
        reason,
    };
    let list = contents.document("manifest.json").unwrap_or_default();
    let entries: Vec<Entry> = serde_json::from_slice(list).map_err(|error| {
        fail(format!(
            "manifest.json is not what `docker save` writes: {error}"
        ))
    })?;
    let entry = choose(&entries, tag).map_err(fail)?;
    let missing = |name: &str| fail(format!("manifest.json names '{name}', which is not there"));
    let config = contents
        .document(&entry.config)
        .ok_or_else(|| missing(&entry.config))?;
    let parsed = ImageConfig::parse(config)?;
    if parsed.rootfs.diff_ids.len() != entry.layers.len() {
        return Err(Error::LayerCount {
            image: path.display().to_string(),
            layers: entry.layers.len(),
            diff_ids: parsed.rootfs.diff_ids.len(),
        });
    }
    let mut layers = Vec::new();
    for (name, diff_id) in entry.layers.iter().zip(&parsed.rootfs.diff_ids) {
        let (digest, size) = contents.blob(name).ok_or_else(|| missing(name))?;
        layers.push(layer(store, digest, *size, diff_id, name)?);
    }
    let (digest, size) = blobs::put(store, config, None, &entry.config)?;
    let manifest = ManifestDocument::of_manifest(Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config: Descriptor::new(media_type::IMAGE_CONFIG, digest, size),
        layers,
        subject: None,
        annotations: Default::default(),
    });
    blobs::put(
        store,
        manifest.raw(),
        Some(manifest.digest()),
        "the manifest",
    )?;
    Ok(manifest)
}

/// The layer as others keep it: gzip. One that is compressed already stays as it is; its diff
/// id is checked when a disk is made from it.
fn layer(
    store: &ImageStore,
    digest: &Digest,
    size: u64,
    diff_id: &Digest,
    name: &str,
) -> Result<Descriptor, Error> {
    let path = store.path(digest).ok_or_else(|| Error::BlobMissing {
        digest: digest.clone(),
    })?;
    let mut file = File::open(&path).map_err(Error::io("open", &path))?;
    let mut magic = [0; 2];
    if size >= 2 {
        std::io::Read::read_exact(&mut file, &mut magic).map_err(Error::io("read", &path))?;
    }
    if magic == [0x1f, 0x8b] {
        return Ok(Descriptor::new(
            media_type::LAYER_GZIP,
            digest.clone(),
            size,
        ));
    }
    if digest != diff_id {
        return Err(Error::DigestMismatch {
            expected: diff_id.clone(),
            actual: digest.clone(),
            subject: format!("diff id of layer '{name}'"),
        });
    }
    let mut writer = store.writer()?;
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(&mut writer, LEVEL);
    let mut file = File::open(&path).map_err(Error::io("open", &path))?;
    std::io::copy(&mut file, &mut encoder).map_err(Error::io("compress", &path))?;
    encoder
        .finish()
        .and_then(|writer| writer.flush())
        .map_err(Error::io("compress", &path))?;
    let (digest, size) = writer.commit(None)?;
    Ok(Descriptor::new(media_type::LAYER_GZIP, digest, size))
}

fn choose<'a>(entries: &'a [Entry], tag: Option<&str>) -> Result<&'a Entry, String> {
    let tags = |entry: &Entry| entry.repo_tags.clone().unwrap_or_default();
    let matching: Vec<&Entry> = entries
        .iter()
        .filter(|entry| {
            tag.is_none_or(|tag| {
                tags(entry)
                    .iter()
                    .any(|name| name == tag || name.ends_with(&format!(":{tag}")))
            })
        })
        .collect();
    let all = || entries.iter().flat_map(tags).collect::<Vec<_>>().join(", ");
    match (&matching[..], tag) {
        ([entry], _) => Ok(entry),
        ([], Some(tag)) => Err(format!("no image is tagged '{tag}'; there are: {}", all())),
        ([], None) => Err("it holds no image".to_owned()),
        _ => Err(format!(
            "it holds several images; name one as TAR:TAG, of: {}",
            all()
        )),
    }
}
