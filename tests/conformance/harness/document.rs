//! Makes manifests and indexes, as a client does.

use lazaret_oci::{Algorithm, Digest, media_type};
use serde_json::{Value, json};

use super::{Content, unique};

/// A media type that no registry knows.
pub(crate) const EXAMPLE: &str = "application/vnd.example.conformance.v1";

/// The bytes of a manifest or index, with the media type and digest of its push.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) raw: Vec<u8>,
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
}

impl Document {
    /// Encodes a value that contains its media type.
    pub(crate) fn new(value: &Value) -> Self {
        let media_type = value["mediaType"].as_str().unwrap().to_owned();
        Self::raw(&serde_json::to_vec(value).unwrap(), &media_type)
    }

    /// Raw bytes with a media type.
    pub(crate) fn raw(raw: &[u8], media_type: &str) -> Self {
        Self {
            raw: raw.to_vec(),
            media_type: media_type.to_owned(),
            digest: Digest::of(raw),
        }
    }

    /// The same document with a digest of another algorithm.
    pub(crate) fn under(mut self, algorithm: Algorithm) -> Self {
        self.digest = Digest::with(algorithm, &self.raw);
        self
    }

    /// The value, from which a different document can be made.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.raw).unwrap()
    }

    /// The same document with one member set.
    pub(crate) fn with(&self, member: &str, value: Value) -> Self {
        let mut document = self.value();
        document[member] = value;
        Self::new(&document).under(self.digest.algorithm())
    }

    /// The same document with an annotation that makes its digest unique.
    pub(crate) fn another(&self) -> Self {
        self.with("annotations", json!({ "org.example.unique": unique() }))
    }

    /// The descriptor by which other documents refer to it.
    pub(crate) fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.raw.len(),
        })
    }

    /// The path of the manifest.
    pub(crate) fn path(&self, repository: &str) -> String {
        format!("/v2/{repository}/manifests/{}", self.digest)
    }
}

/// The descriptor by which a manifest refers to a blob.
pub(crate) fn descriptor(media_type: &str, content: &Content) -> Value {
    json!({
        "mediaType": media_type,
        "digest": content.digest,
        "size": content.bytes.len(),
    })
}

/// An image of these blobs, which need not have been pushed.
pub(crate) fn image(config: &Content, layers: &[&Content]) -> Document {
    let layers = layers
        .iter()
        .map(|layer| descriptor(media_type::LAYER_GZIP, layer))
        .collect();
    image_over(descriptor(media_type::IMAGE_CONFIG, config), layers)
}

/// An image with these descriptors.
pub(crate) fn image_over(config: Value, layers: Vec<Value>) -> Document {
    Document::new(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": config,
        "layers": layers,
    }))
}

/// An artifact: the empty configuration, and one blob of an unknown type.
pub(crate) fn artifact(artifact_type: &str, empty: &Content, blob: &Content) -> Document {
    Document::new(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "artifactType": artifact_type,
        "config": descriptor(media_type::EMPTY, empty),
        "layers": [descriptor(EXAMPLE, blob)],
    }))
}

/// An image in Docker's schema 2.
pub(crate) fn docker_image(config: &Content, layer: &Content) -> Document {
    Document::new(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::DOCKER_MANIFEST,
        "config": descriptor(media_type::DOCKER_CONFIG, config),
        "layers": [descriptor(media_type::DOCKER_LAYER_GZIP, layer)],
    }))
}

/// An index of these manifests, which need not have been pushed.
pub(crate) fn index(manifests: &[&Document]) -> Document {
    let manifests: Vec<Value> = manifests
        .iter()
        .map(|manifest| manifest.descriptor())
        .collect();
    Document::new(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::INDEX,
        "manifests": manifests,
    }))
}
