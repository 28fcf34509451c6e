//! Failures around packs.

use std::path::PathBuf;

use lazaret_oci::Reference;

/// A failure to make or to use a pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The file is no pack, or a damaged one; a key cannot be used.
    #[error(transparent)]
    Format(#[from] lazaret_pack::Error),
    /// A pack for another processor.
    #[error("pack '{}' is for {architecture}, and this host is {host}", path.display())]
    Architecture {
        /// The file.
        path: PathBuf,
        /// The processor that it is for.
        architecture: String,
        /// The processor of this host.
        host: String,
    },
    /// A pack for another processor was to be made.
    #[error("a pack for {platform} cannot be made here: it has program and kernel of its platform")]
    Platform {
        /// The platform that was asked for.
        platform: String,
    },
    /// A launch configuration that this program does not understand.
    #[error("the launch configuration of pack '{}' cannot be used: {reason}", path.display())]
    Launch {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Artifacts were to be added to a machine of a pack.
    #[error("a pack has its artifacts already: they are mounted when it is made")]
    Mounts,
    /// The pack of a machine is another one now.
    #[error("machine '{machine}' is of a pack that is no longer at '{}'", path.display())]
    Replaced {
        /// Name of the machine.
        machine: String,
        /// Where the pack was.
        path: PathBuf,
    },
    /// An image whose layers are not in the store.
    #[error("the layers of '{image}' are not in the store")]
    NoLayers {
        /// Name of the image.
        image: String,
    },
    /// Something else than a pack in a registry.
    #[error("'{reference}' is no pack: {reason}")]
    NoArtifact {
        /// The reference.
        reference: Box<Reference>,
        /// What it is.
        reason: String,
    },
    /// A pack of another program, which cannot be used in this way.
    #[error("'{}' is a pack of smolvm, which can be inspected only", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}
