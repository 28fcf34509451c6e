//! Failures around checkpoints.

use std::path::PathBuf;

use lazaret_oci::Reference;

/// A failure to save a machine, or to use a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A machine with a volume that it writes to cannot be saved.
    #[error("machine '{machine}' writes to volume '{volume}', which can have no copies")]
    WritesVolume {
        /// Name of the machine.
        machine: String,
        /// Name of the volume.
        volume: String,
    },
    /// A machine with a folder of the host cannot be saved.
    #[error(
        "machine '{machine}' has {} of this host, whose open files can have no copies",
        folder.display()
    )]
    HasFolder {
        /// Name of the machine.
        machine: String,
        /// The folder.
        folder: PathBuf,
    },
    /// A name that no checkpoint can have.
    #[error(
        "'{name}' is no name for a checkpoint: expected up to 63 letters, digits, '_', '.' and '-', \
         the first a letter or digit"
    )]
    Name {
        /// The name given.
        name: String,
    },
    /// There is no checkpoint of that name.
    #[error("no checkpoint '{name}'")]
    NotFound {
        /// The name given.
        name: String,
    },
    /// Another checkpoint has the name.
    #[error("there is a checkpoint '{name}' already")]
    Exists {
        /// The name.
        name: String,
    },
    /// A machine that has not begun yet, and whose checkpoint has been removed.
    #[error("machine '{machine}' has never been started, and its checkpoint is gone")]
    Gone {
        /// Name of the machine.
        machine: String,
    },
    /// A machine is made from the checkpoint right now.
    #[error("checkpoint '{name}' is in use by another command")]
    Busy {
        /// The name.
        name: String,
    },
    /// The file that describes a checkpoint is damaged, or of another version.
    #[error("cannot use '{}': {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A checkpoint that is damaged, or of machines that this host has not.
    #[error("checkpoint '{name}' cannot be used: {reason}")]
    Differs {
        /// Name of the checkpoint, or of the machine that is forked.
        name: String,
        /// The damage or the difference.
        reason: String,
    },
    /// An artifact that should be a checkpoint but is not.
    #[error("'{reference}' is no checkpoint for this host: {reason}")]
    Artifact {
        /// The artifact.
        reference: Box<Reference>,
        /// The reason.
        reason: String,
    },
    /// A checkpoint whose workload has no input or terminal to take part in.
    #[error("the workload of checkpoint '{checkpoint}' has no {what}")]
    Lacks {
        /// Name of the checkpoint.
        checkpoint: String,
        /// What it has not.
        what: &'static str,
    },
}
