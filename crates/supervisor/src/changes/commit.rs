//! `commit`: the changes of a machine as one more layer of its image.

use lazaret_images::ImageStore;
use lazaret_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, ManifestDocument, media_type};
use serde::Serialize;

use super::image::{self, Addition};
use super::instruction::{Instruction, parse};
use super::overlay::{fault, scratch_of};
use crate::changes_fault::ChangesFault;
use crate::image::local_name;
use crate::machines::Spec;
use crate::{Error, Home, Setting, blocking};

/// Repository of images that nobody named.
const UNNAMED: &str = "commit";

/// A commit.
#[derive(Debug, Clone, Default)]
pub struct CommitRequest {
    /// Name or id of the machine.
    pub machine: String,
    /// Name of the image. Without one it is `commit` with a tag from its digest.
    pub name: Option<String>,
    /// Who made the image.
    pub author: Option<String>,
    /// What the layer is for.
    pub message: Option<String>,
    /// Changes of the image's configuration: instructions of a Dockerfile.
    pub changes: Vec<String>,
}

/// An image that was committed.
#[derive(Debug, Clone, Serialize)]
pub struct Committed {
    /// Its full name.
    pub name: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Digest of the new layer.
    pub layer: Digest,
    /// Size of the new layer in bytes, as stored.
    pub size: u64,
    /// Number of entries of the new layer.
    pub entries: u64,
}

impl Home {
    /// Makes an image of a machine's image and of what the machine has changed. A name that is taken
    /// moves to the new image.
    ///
    /// # Errors
    /// As [`Home::machine_changes`]; [`Error::Setting`] for an instruction that is none;
    /// [`Error::Convert`] for a file that a layer cannot hold; those of the store.
    pub async fn commit_machine(&self, request: CommitRequest) -> Result<Committed, Error> {
        let instructions = instructions(&request.changes)?;
        let name = request.name.as_deref().map(local_name).transpose()?;
        let found = self.machine(&request.machine)?;
        scratch_of(&found.spec)?;
        // From here on nothing is pruned.
        let leased = self.images.leased()?;
        let store = self.images.clone();
        let spec = found.spec.clone();
        let base = blocking(move || base(&store, &spec)).await?;
        let store = self.images.clone();
        let packed = self.read_changes(&found, move |disks| {
            let mut writer = store.writer()?;
            let packed = disks.pack(&mut writer)?;
            writer.commit(Some(&Digest::from_sha256(packed.digest)))?;
            Ok(packed)
        });
        let packed = packed.await?;
        let spec = found.spec;
        blocking(move || {
            let layer = Descriptor::new(
                layer_type(&base),
                Digest::from_sha256(packed.digest),
                packed.size,
            );
            let addition = Addition {
                diff_id: Digest::from_sha256(packed.diff_id),
                layer: layer.clone(),
                command: spec.command().join(" "),
                base: (spec.image.clone(), spec.image_digest.clone()),
                author: request.author,
                message: request.message,
                instructions,
            };
            let store = leased.store();
            let document = image::add(store, &base, addition)?;
            let digest = document.digest().clone();
            let name = match name {
                Some(name) => name,
                None => local_name(&format!("{UNNAMED}:{}", &digest.hex()[..12]))?,
            };
            let record = store.describe(name.to_string(), digest.clone(), &document)?;
            store.put(&record)?;
            Ok(Committed {
                name: record.name,
                digest,
                layer: layer.digest,
                size: layer.size,
                entries: packed.entries,
            })
        })
        .await
    }
}

/// Reads the instructions.
fn instructions(texts: &[String]) -> Result<Vec<Instruction>, Error> {
    let parsed = texts.iter().map(|text| {
        parse(text).map_err(|reason| Error::Setting {
            setting: Setting::Instruction,
            value: text.clone(),
            reason,
        })
    });
    parsed.collect()
}

/// The manifest of a machine's image, if the store has all of it: the disk below the machine was made
/// of these layers.
fn base(store: &ImageStore, spec: &Spec) -> Result<Manifest, Error> {
    let missing = || {
        fault(
            spec,
            ChangesFault::NoLayers {
                image: spec.image.clone(),
            },
        )
    };
    // Catalogues have disks in ext4.
    if spec.boot.root.filesystem != "erofs" {
        return Err(missing());
    }
    let digest: Digest = spec.image_digest.parse()?;
    let raw = match store.read(&digest, MAX_MANIFEST_BYTES as u64) {
        Err(lazaret_images::Error::BlobMissing { .. }) => return Err(missing()),
        raw => raw?,
    };
    let document = ManifestDocument::parse(raw, None)?;
    let manifest = document.manifest().ok_or_else(missing)?;
    for blob in manifest.blobs() {
        if !store.has(blob)? {
            return Err(missing());
        }
    }
    Ok(manifest.clone())
}

/// The type of a gzip layer in a manifest like this one.
fn layer_type(base: &Manifest) -> &'static str {
    match base.media_type.as_deref() {
        Some(media_type::DOCKER_MANIFEST) => media_type::DOCKER_LAYER_GZIP,
        _ => media_type::LAYER_GZIP,
    }
}
