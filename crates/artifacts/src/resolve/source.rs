//! The port through which artifacts come.

use std::future::Future;

use lazaret_oci::{Descriptor, Digest, Reference};
use lazaret_values::Printable;
use serde_json::Value;

use crate::Family;

/// Gives manifests and configurations; the adapter talks to a registry or a store.
pub trait ArtifactSource: Sync {
    /// Why something could not be fetched.
    type Error: std::error::Error + Send + 'static;

    /// Fetches the manifest behind `reference` and, of a typed artifact, its configuration.
    /// A digest in `reference` has been compared with the bytes.
    ///
    /// # Errors
    /// Fails when there is nothing behind `reference`, when it cannot be reached, and when the
    /// bytes are not those that a digest promises.
    fn fetch(
        &self,
        reference: &Reference,
    ) -> impl Future<Output = Result<Fetched, Self::Error>> + Send;
}

/// What a reference points to.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Digest of the manifest or index that the reference names.
    pub digest: Digest,
    /// What it is.
    pub kind: FetchedKind,
}

/// What a manifest is.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchedKind {
    /// An image or an index of images.
    Image,
    /// An artifact of one of the ten families.
    Artifact {
        /// The family.
        family: Family,
        /// The configuration, parsed by [`crate::parse_blob`] but not validated.
        config: Value,
        /// The layers, lowest first.
        layers: Vec<Descriptor>,
    },
    /// Something else.
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
