//! Images of two platforms.

use serde_json::{Value, json};

use super::content::{Stored, noise};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// An index with a manifest for each of two platforms.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) index: Stored,
    /// `linux/amd64`, then `linux/arm64`.
    pub(crate) manifests: Vec<Stored>,
    pub(crate) configs: Vec<Stored>,
    /// The layers of each platform.
    pub(crate) layers: Vec<Vec<Stored>>,
}

impl Image {
    /// An image with two layers of 300 KB for each platform.
    pub(crate) fn small(seed: u64) -> Self {
        let layer = |n: u64| Stored::layer(noise(seed * 100 + n, 300_000));
        Self::of(
            seed,
            vec![vec![layer(1), layer(2)], vec![layer(3), layer(4)]],
        )
    }

    /// An image whose first platform has one layer.
    pub(crate) fn with(seed: u64, layer: Stored) -> Self {
        let other = Stored::layer(noise(seed * 100 + 9, 1000));
        Self::of(seed, vec![vec![layer], vec![other]])
    }

    pub(crate) fn of(seed: u64, layers: Vec<Vec<Stored>>) -> Self {
        let mut image = Self {
            index: Stored::new(INDEX, Vec::new()),
            manifests: Vec::new(),
            configs: Vec::new(),
            layers,
        };
        let mut entries = Vec::new();
        for (layers, architecture) in image.layers.iter().zip(["amd64", "arm64"]) {
            let config = json!({ "architecture": architecture, "os": "linux", "seed": seed });
            let config = Stored::new(CONFIG, config.to_string().into_bytes());
            let manifest = manifest_of(&config, layers, json!({}));
            let mut entry = manifest.descriptor();
            entry["platform"] = json!({ "os": "linux", "architecture": architecture });
            entries.push(entry);
            image.manifests.push(manifest);
            image.configs.push(config);
        }
        image.index = index_of(&entries);
        image
    }

    /// The configuration and layers of the first platform.
    pub(crate) fn blobs(&self) -> Vec<&Stored> {
        let first = self.layers[0].iter();
        std::iter::once(&self.configs[0]).chain(first).collect()
    }
}

/// A manifest; `more` has further fields.
pub(crate) fn manifest_of(config: &Stored, layers: &[Stored], more: Value) -> Stored {
    let layers: Vec<Value> = layers.iter().map(Stored::descriptor).collect();
    let mut document = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": layers,
    });
    let fields = document.as_object_mut().unwrap();
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Stored::new(MANIFEST, document.to_string().into_bytes())
}

/// An index of entries.
pub(crate) fn index_of(entries: &[Value]) -> Stored {
    let document = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    Stored::new(INDEX, document.to_string().into_bytes())
}
