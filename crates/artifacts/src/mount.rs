//! Where artifacts appear in the agent's file system.

mod arrange;
mod flag;
mod path;

use lazaret_oci::{Descriptor, Reference, media_type};
use serde::{Deserialize, Serialize};

pub use arrange::arrange_mounts;
pub use flag::MountFlag;
pub use path::GuestPath;

use crate::{Class, Config, Error, Family, canonical_blob};

/// `mount` of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where, when it is not the family's default.
    pub path: Option<GuestPath>,
    /// Whether writes are refused. True unless given.
    pub read_only: bool,
}

/// Where an artifact goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountTarget {
    /// Path in the machine.
    pub path: GuestPath,
    /// Whether writes are refused, also to root.
    pub read_only: bool,
}

/// What appears at the target.
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
    /// Where it came from, with its digest.
    pub reference: Reference,
    /// Its family, of the application class.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub target: MountTarget,
    /// What appears there.
    pub payload: Payload,
}

impl ArtifactMount {
    /// Decides where an artifact goes and what appears there: of a model its `spec` as one
    /// JSON file, of the other families the files of the layers.
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

    /// Whether nothing will appear, because the artifact was pushed without content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.payload, Payload::Layers(layers) if layers.is_empty())
    }
}

/// The path and mode for an artifact: `path` if given, else its own `mount.path`, else the
/// default of its family.
///
/// # Errors
/// [`Error::NotMountable`] for a runtime family, [`Error::MountPathMissing`] for a file set
/// without a path.
pub fn mount_target(
    family: Family,
    name: &str,
    mount: Option<&Mount>,
    path: Option<&GuestPath>,
) -> Result<MountTarget, Error> {
    if family.class() == Class::Runtime {
        return Err(Error::NotMountable {
            subject: name.to_owned(),
            what: format!("{}, which is applied around an agent", family.article()),
        });
    }
    let own = mount.and_then(|mount| mount.path.as_ref());
    let path = match (path.or(own), family.default_mount()) {
        (Some(path), _) => path.clone(),
        (None, Some(default)) => default.replace("<name>", name).parse()?,
        (None, None) => {
            return Err(Error::MountPathMissing {
                family: family.name(),
                name: name.to_owned(),
            });
        }
    };
    Ok(MountTarget {
        path,
        read_only: mount.is_none_or(|mount| mount.read_only),
    })
}

/// The layers that carry files: an artifact without content has the empty descriptor.
fn content_layers(layers: &[Descriptor]) -> Vec<Descriptor> {
    layers
        .iter()
        .filter(|layer| layer.media_type != media_type::EMPTY)
        .cloned()
        .collect()
}
