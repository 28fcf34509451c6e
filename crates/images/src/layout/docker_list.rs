//! Writes `manifest.json`, the list in which Docker finds the images of a tar.
//!
//! Since version 25, Docker writes this list beside a layout; every version reads it.

use lazaret_oci::Manifest;
use serde_json::{Value, json};

use super::names::blob as blob_name;

/// The list while it is built.
#[derive(Default)]
pub(super) struct DockerList(Vec<Value>);

impl DockerList {
    /// Adds an image under a name.
    pub(super) fn add(&mut self, manifest: &Manifest, name: Option<&str>) {
        let layers = manifest.layers.iter();
        let layers: Vec<String> = layers.map(|layer| blob_name(&layer.digest)).collect();
        self.0.push(json!({
            "Config": blob_name(&manifest.config.digest),
            "RepoTags": name.map(|name| [name]),
            "Layers": layers,
        }));
    }

    /// The bytes of the list.
    pub(super) fn bytes(self) -> Vec<u8> {
        Value::Array(self.0).to_string().into_bytes()
    }
}
