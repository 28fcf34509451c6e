//! What can go wrong in the supervisor. Messages name no flag and give no advice: callers know
//! what their users can do.

use std::io;
use std::path::{Path, PathBuf};

use lazaret_artifacts::{Family, Fault};
use lazaret_oci::{Digest, Reference};
use lazaret_protocol::FailureKind;
use thiserror::Error;

use crate::setting::Setting;

/// A failed operation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Text that breaks the OCI grammar.
    #[error(transparent)]
    Oci(#[from] lazaret_oci::Error),
    /// A registry refused, failed or misbehaved.
    #[error(transparent)]
    Client(#[from] lazaret_client::Error),
    /// The local store, a layout or an archive failed.
    #[error(transparent)]
    Store(lazaret_images::Error),
    /// A machine or kernel failed.
    #[error(transparent)]
    Vm(#[from] lazaret_vm::Error),
    /// An artifact, or a use of one, breaks a rule.
    #[error(transparent)]
    Artifact(#[from] lazaret_artifacts::Error),
    /// A component of a run could not be fetched.
    #[error("failed to fetch '{reference}'")]
    Fetch {
        /// The component.
        reference: Box<Reference>,
        /// Why.
        source: Box<Error>,
    },
    /// An artifact file that its schema refuses.
    #[error("invalid {family} '{subject}':{}", list(faults))]
    InvalidArtifact {
        /// The file.
        subject: String,
        /// The family it was checked as.
        family: Family,
        /// Every fault.
        faults: Vec<Fault>,
    },
    /// A file whose `kind` is not that of a family.
    #[error("'{}' is of no known kind ('{kind}')", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
        /// Its `kind`.
        kind: String,
    },
    /// A source that is not what it should be.
    #[error("cannot use '{}': {reason}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Nothing by that name, neither a file nor a cached image.
    #[error("'{name}' is neither a file nor a cached image")]
    SourceNotFound {
        /// What was given.
        name: String,
    },
    /// No image by that name or digest.
    #[error("no image '{name}' in the store")]
    ImageNotFound {
        /// What was given.
        name: String,
    },
    /// An image of another origin has the name.
    #[error("there is an image '{name}' in the store that is not from a catalogue")]
    ImageExists {
        /// Its name.
        name: String,
    },
    /// The beginning of a digest that stands for several images, or for several names of one.
    #[error("'{text}' stands for several images")]
    ImageAmbiguous {
        /// What was given.
        text: String,
        /// The images.
        names: Vec<String>,
    },
    /// Content went only into families that carry files.
    #[error("{} has no content", family.article())]
    NoContent {
        /// The family.
        family: Family,
    },
    /// A setting that only artifact files take.
    #[error("the {setting} is for artifact files, and '{source_name}' is an image")]
    ArtifactsOnly {
        /// The setting.
        setting: Setting,
        /// The source given.
        source_name: String,
    },
    /// A blob that the store should have.
    #[error("blob {digest} is missing from the store")]
    BlobMissing {
        /// The blob.
        digest: Digest,
    },
    /// Content with another digest than announced.
    #[error("{subject} has digest {actual}, not {expected}")]
    DigestMismatch {
        /// What was announced.
        expected: Digest,
        /// What it is.
        actual: Digest,
        /// What has it.
        subject: String,
    },
    /// A configuration that does not fit its manifest.
    #[error("image '{image}' has {layers} layers but {diff_ids} diff ids")]
    LayerCount {
        /// The image.
        image: String,
        /// Layers of the manifest.
        layers: usize,
        /// Diff ids of the configuration.
        diff_ids: usize,
    },
    /// An artifact whose configuration is too large to read.
    #[error("the configuration of '{reference}' has {bytes} bytes")]
    ConfigTooLarge {
        /// The artifact.
        reference: Box<Reference>,
        /// Its announced size.
        bytes: u64,
    },
    /// An artifact of a type that is neither an image nor one of the ten families.
    #[error(
        "'{reference}' is an artifact of type '{artifact_type}', which cannot be pulled to a file"
    )]
    UnknownArtifact {
        /// The artifact.
        reference: Box<Reference>,
        /// Its type.
        artifact_type: String,
    },
    /// Layers that cannot become a disk, or files that cannot become a layer.
    #[error("failed to convert {subject}")]
    Convert {
        /// What.
        subject: String,
        /// Why.
        source: lazaret_rootfs::Error,
    },
    /// A file that is no disk, or a damaged one.
    #[error("cannot read {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: lazaret_rootfs::Error,
    },
    /// A catalogue that cannot be read.
    #[error("the catalogue {} cannot be used: {reason}", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A bundle that is none.
    #[error("the bundle of '{name}' cannot be used: {reason}")]
    Bundle {
        /// The image.
        name: String,
        /// Why not.
        reason: String,
    },
    /// An artifact that should be a kernel and is none.
    #[error("'{reference}' is no kernel: {reason}")]
    NoKernelArtifact {
        /// The artifact.
        reference: Box<Reference>,
        /// Why not.
        reason: String,
    },
    /// A checked disk whose root hash is gone or damaged.
    #[error("the root hash '{key}' of a disk in the store cannot be read")]
    RootHash {
        /// Its key.
        key: String,
    },
    /// A path that a disk does not have.
    #[error("there is no '{path}' on {}", disk.display())]
    NotOnDisk {
        /// The disk.
        disk: PathBuf,
        /// The path.
        path: String,
    },
    /// The initramfs could not be made.
    #[error("failed to make the initramfs for kernel '{kernel}'")]
    Initramfs {
        /// The kernel.
        kernel: String,
        /// Why.
        source: lazaret_rootfs::Error,
    },
    /// The guest could not start the workload.
    #[error("{message}")]
    Workload {
        /// What the guest says.
        message: String,
        /// What kept it from starting.
        kind: FailureKind,
    },
    /// A machine was asked for something that its state does not have.
    #[error("a machine that is {state} cannot be {action}")]
    MachineState {
        /// Its state.
        state: &'static str,
        /// What was asked, as a participle.
        action: &'static str,
    },
    /// The machine hung up.
    #[error("the machine ended before the workload did")]
    ChannelClosed,
    /// A file or stream failed.
    #[error("failed to {action}")]
    Io {
        /// What was attempted.
        action: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A setting that cannot be used.
    #[error("{setting} '{value}' cannot be used: {reason}")]
    Setting {
        /// The setting.
        setting: Setting,
        /// Its value.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A run that wants a root disk of the machine's own, and no writes to it.
    #[error("a root disk of the machine's own cannot be read-only")]
    ReadOnlyOwnDisk,
}

impl Error {
    /// For `map_err`: `action` fits "failed to ...", and the path follows it.
    pub(crate) fn io(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let action = format!("{action} '{}'", path.display());
        move |source| Self::Io { action, source }
    }
}

impl From<lazaret_files::Error> for Error {
    fn from(error: lazaret_files::Error) -> Self {
        Self::io(error.action, &error.path)(error.source)
    }
}

impl From<lazaret_files::Stopped> for Error {
    fn from(stopped: lazaret_files::Stopped) -> Self {
        Self::Io {
            action: "finish the work".to_owned(),
            source: io::Error::other(stopped),
        }
    }
}

impl From<lazaret_images::Error> for Error {
    /// Takes out the errors of others that came through the ports for images.
    fn from(error: lazaret_images::Error) -> Self {
        match error {
            lazaret_images::Error::Elsewhere(source) => {
                match source.downcast::<lazaret_client::Error>() {
                    Ok(error) => Self::Client(*error),
                    Err(source) => Self::Store(lazaret_images::Error::Elsewhere(source)),
                }
            }
            lazaret_images::Error::Io(error) => error.into(),
            lazaret_images::Error::Stopped(stopped) => stopped.into(),
            lazaret_images::Error::Oci(error) => Self::Oci(error),
            lazaret_images::Error::BlobMissing { digest } => Self::BlobMissing { digest },
            error => Self::Store(error),
        }
    }
}

impl From<lazaret_artifacts::ResolveError<Error>> for Error {
    fn from(error: lazaret_artifacts::ResolveError<Error>) -> Self {
        match error {
            lazaret_artifacts::ResolveError::Fetch { reference, source } => Self::Fetch {
                reference: Box::new(reference),
                source: Box::new(source),
            },
            lazaret_artifacts::ResolveError::Artifact(error) => error.into(),
        }
    }
}

/// One line a fault.
fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}
