//! Artifacts with their mount targets and content.

use lazaret_oci::{Descriptor, Reference, media_type};

use crate::{Config, Error, Family, GuestPath, MountTarget, canonical_blob, mount_target};

/// The content that appears at the mount target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// One file with these bytes.
    File(Vec<u8>),
    /// A folder with the files of these layers, lowest first.
    Layers(Vec<Descriptor>),
}

/// One artifact to mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactMount {
    /// The artifact's reference, with its digest.
    pub reference: Reference,
    /// Its family, which is of the application class.
    pub family: Family,
    /// Name of the artifact.
    pub name: String,
    /// The place at which it is mounted.
    pub target: MountTarget,
    /// The content that appears there.
    pub payload: Payload,
}

impl ArtifactMount {
    /// Determines the target and content of an artifact: for a model its `spec` as one
    /// JSON file, for the other families the files of the layers.
    ///
    /// # Errors
    /// Those of [`mount_target`].
    pub fn new(
        reference: Reference,
        config: &Config,
        layers: &[Descriptor],
        path: Option<&GuestPath>,
    ) -> Result<Self, Error> {
        let family = config.family();
        let target = mount_target(family, config.name(), config.mount().as_ref(), path)?;
        let payload = match family {
            Family::Model => Payload::File(canonical_blob(config.spec())),
            _ => Payload::Layers(content_layers(layers)),
        };
        Ok(Self {
            reference,
            family,
            name: config.name().to_owned(),
            target,
            payload,
        })
    }

    /// Whether there is no content, because the artifact was pushed without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.payload, Payload::Layers(layers) if layers.is_empty())
    }
}

/// The layers that have files: an artifact without content has the empty descriptor.
fn content_layers(layers: &[Descriptor]) -> Vec<Descriptor> {
    layers
        .iter()
        .filter(|layer| layer.media_type != media_type::EMPTY)
        .cloned()
        .collect()
}
