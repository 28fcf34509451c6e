//! Adds a layer to an image: its configuration and manifest.

use chrono::{DateTime, SecondsFormat};
use lazaret_images::ImageStore;
use lazaret_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, ManifestDocument, media_type};
use serde_json::{Map, Value, json};

use super::instruction::{Instruction, apply};
use crate::{Error, clock};

const CREATED: &str = "org.opencontainers.image.created";
const AUTHORS: &str = "org.opencontainers.image.authors";
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// What is added to an image.
pub(super) struct Addition {
    pub(super) diff_id: Digest,
    pub(super) layer: Descriptor,
    /// What the machine ran.
    pub(super) command: String,
    /// Name and digest of the image below.
    pub(super) base: (String, String),
    pub(super) author: Option<String>,
    pub(super) message: Option<String>,
    pub(super) instructions: Vec<Instruction>,
}

/// Stores configuration and manifest of the image with this addition; returns the manifest. The store
/// has the layer.
pub(super) fn add(
    store: &ImageStore,
    base: &Manifest,
    addition: Addition,
) -> Result<ManifestDocument, Error> {
    let now = i64::try_from(clock::nanoseconds()).unwrap_or(i64::MAX);
    let now = DateTime::from_timestamp_nanos(now).to_rfc3339_opts(SecondsFormat::Nanos, true);
    let raw = store.read(&base.config.digest, MAX_MANIFEST_BYTES as u64)?;
    let config = config(&raw, &addition, &now)?;
    let (digest, size) = store.add(&config[..], None, "the configuration")?;
    let mut manifest = base.clone();
    manifest.config = Descriptor::new(&base.config.media_type, digest, size);
    manifest.layers.push(addition.layer);
    manifest.subject = None;
    // Docker's manifests have no annotations.
    if manifest.media_type.as_deref() != Some(media_type::DOCKER_MANIFEST) {
        annotate(&mut manifest, addition.base, addition.author, now);
    }
    let document = ManifestDocument::of_manifest(manifest);
    store.add(document.raw(), Some(document.digest()), "the manifest")?;
    Ok(document)
}

fn annotate(
    manifest: &mut Manifest,
    (name, digest): (String, String),
    author: Option<String>,
    now: String,
) {
    let annotations = &mut manifest.annotations;
    annotations.insert(CREATED.to_owned(), now);
    annotations.insert(BASE_NAME.to_owned(), name);
    annotations.insert(BASE_DIGEST.to_owned(), digest);
    if let Some(author) = author {
        annotations.insert(AUTHORS.to_owned(), author);
    }
}

/// The configuration with one more layer. What this program does not know stays in it.
fn config(raw: &[u8], addition: &Addition, now: &str) -> Result<Vec<u8>, Error> {
    let invalid = |reason: String| Error::Oci(lazaret_oci::Error::Manifest { reason });
    let mut whole: Map<String, Value> =
        serde_json::from_slice(raw).map_err(|error| invalid(error.to_string()))?;
    whole.insert("created".to_owned(), json!(now));
    if let Some(author) = &addition.author {
        whole.insert("author".to_owned(), json!(author));
    }
    let diff_ids = member(&mut whole, "rootfs").and_then(|rootfs| {
        let ids = rootfs.entry("diff_ids").or_insert_with(|| json!([]));
        ids.as_array_mut()
    });
    let diff_ids = diff_ids.ok_or_else(|| invalid("the configuration has no layers".to_owned()))?;
    diff_ids.push(json!(addition.diff_id));
    let history = whole.entry("history").or_insert(Value::Null);
    if !history.is_array() {
        *history = json!([]);
    }
    let mut entry = json!({ "created": now, "created_by": addition.command });
    for (name, text) in [("author", &addition.author), ("comment", &addition.message)] {
        if let Some(text) = text {
            entry[name] = json!(text);
        }
    }
    if let Some(history) = history.as_array_mut() {
        history.push(entry);
    }
    let process = member(&mut whole, "config")
        .ok_or_else(|| invalid("the configuration of the process is none".to_owned()))?;
    apply(&addition.instructions, process);
    serde_json::to_vec(&whole).map_err(|error| invalid(error.to_string()))
}

/// The object of this name, which is made where there is none.
fn member<'a>(whole: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    let value = whole.entry(name).or_insert(Value::Null);
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut()
}
