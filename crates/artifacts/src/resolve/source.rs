//! The port through which artifacts are fetched.

use std::future::Future;

use lazaret_oci::{Descriptor, Digest, Reference};
use lazaret_values::Printable;
use serde_json::Value;

use crate::Family;

/// A source of manifests and configurations; the adapter talks to a registry or a store.
pub trait ArtifactSource: Sync {
    /// The error of a failed fetch.
    type Error: std::error::Error + Send + 'static;

    /// Fetches the manifest of `reference` and, of a typed artifact, its configuration.
    /// The adapter compares a digest in `reference` with the bytes.
    ///
    /// # Errors
    /// Fails when `reference` does not exist, when it cannot be reached, and when the
    /// bytes do not have the expected digest.
    fn fetch(
        &self,
        reference: &Reference,
    ) -> impl Future<Output = Result<Fetched, Self::Error>> + Send;
}

/// The object of a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Digest of the manifest or index of the reference.
    pub digest: Digest,
    /// Its type, with its content.
    pub kind: FetchedKind,
}

/// The type of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchedKind {
    /// An image or an index of images.
    Image,
    /// An artifact of one of the ten families.
    Artifact {
        /// Family of the artifact.
        family: Family,
        /// The configuration, parsed by [`crate::parse_blob`] but not validated.
        config: Value,
        /// The layers, lowest first.
        layers: Vec<Descriptor>,
    },
    /// A manifest of any other type.
    Unknown {
        /// Its artifact type.
        artifact_type: String,
    },
}

impl FetchedKind {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Image => "an image".to_owned(),
            Self::Artifact { family, .. } => family.article().to_owned(),
            Self::Unknown { artifact_type } => {
                let artifact_type = Printable::excerpt(artifact_type);
                format!("an artifact of type '{artifact_type}'")
            }
        }
    }
}
