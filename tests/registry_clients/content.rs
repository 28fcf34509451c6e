//! The content that clients push and pull.

use std::path::{Path, PathBuf};

use lazaret_oci::{Descriptor, Digest, media_type};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Image, Layer};

/// An OCI layout with an image of three layers (`image`), an index of two images (`index`) and
/// an artifact (`artifact`).
pub(crate) struct Content {
    folder: TempDir,
    pub(crate) image: Digest,
    pub(crate) index: Digest,
    pub(crate) artifact: Digest,
}

impl Content {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path();
        let image = write_image(root, "amd64");
        let other = write_image(root, "arm64");
        let artifact = write_artifact(root);
        let platform = |mut image: Descriptor, architecture: &str| {
            image.annotations.clear();
            let mut entry = serde_json::to_value(image).unwrap();
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            entry
        };
        let index = json!({
            "schemaVersion": 2, "mediaType": media_type::INDEX,
            "manifests": [platform(image.clone(), "amd64"), platform(other, "arm64")],
        });
        let index = put(
            root,
            media_type::INDEX,
            &serde_json::to_vec(&index).unwrap(),
        );
        let named = [
            ("image", &image),
            ("index", &index),
            ("artifact", &artifact),
        ]
        .map(|(name, descriptor)| {
            let mut entry = serde_json::to_value(descriptor).unwrap();
            entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
            entry
        });
        let document = json!({"schemaVersion": 2, "manifests": named});
        std::fs::write(root.join("index.json"), document.to_string()).unwrap();
        Self {
            image: image.digest,
            index: index.digest,
            artifact: artifact.digest,
            folder,
        }
    }

    /// The folder of the layout.
    pub(crate) fn layout(&self) -> &Path {
        self.folder.path()
    }

    /// Names and digests of all content.
    pub(crate) fn all(&self) -> [(&'static str, &Digest); 3] {
        [
            ("image", &self.image),
            ("index", &self.index),
            ("artifact", &self.artifact),
        ]
    }
}

fn write_image(root: &Path, architecture: &str) -> Descriptor {
    let mut image = Image::new();
    for number in 0..3_u8 {
        // Random data, so that compression does not make the layers smaller.
        let mut random = fastrand::Rng::with_seed(u64::from(number));
        let content: Vec<u8> = std::iter::repeat_with(|| random.u8(..))
            .take(300_000)
            .collect();
        image = image.layer(
            Layer::new()
                .directory("data", 0o755)
                .file(&format!("data/{number}"), &content)
                .file(&format!("data/{number}.of"), architecture.as_bytes()),
        );
    }
    image.command(&["/data/0"]).write(root);
    let index = std::fs::read(root.join("index.json")).unwrap();
    let mut index: Value = serde_json::from_slice(&index).unwrap();
    serde_json::from_value(index["manifests"][0].take()).unwrap()
}

fn write_artifact(root: &Path) -> Descriptor {
    let artifact = json!({
        "schemaVersion": 2, "mediaType": media_type::MANIFEST,
        "artifactType": "application/vnd.acme.report.v1+json",
        "config": put(root, media_type::EMPTY, b"{}"),
        "layers": [put(root, "application/vnd.acme.report.v1+json", br#"{"fine": true}"#)],
    });
    let bytes = serde_json::to_vec(&artifact).unwrap();
    put(root, media_type::MANIFEST, &bytes)
}

fn put(root: &Path, kind: &str, bytes: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(kind, bytes);
    std::fs::write(blob(root, &descriptor.digest), bytes).unwrap();
    descriptor
}

/// The path of a blob in a layout.
pub(super) fn blob(layout: &Path, digest: &Digest) -> PathBuf {
    layout.join("blobs/sha256").join(digest.hex())
}
