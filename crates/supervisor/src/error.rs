//! What can go wrong in the supervisor, with the class that decides exit codes.

use std::io;
use std::path::{Path, PathBuf};

use lazaret_artifacts::{Family, Fault};
use lazaret_oci::{Digest, Reference};
use lazaret_protocol::Kind;
use thiserror::Error;

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
    /// The local store failed.
    #[error(transparent)]
    Store(#[from] lazaret_images::Error),
    /// A folder of machines or scratch files failed.
    #[error(transparent)]
    Folder(#[from] lazaret_files::Error),
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
    /// A digest prefix that several images share.
    #[error("'{text}' is the start of several digests")]
    ImageAmbiguous {
        /// What was given.
        text: String,
        /// The images.
        names: Vec<String>,
    },
    /// Content went only into families that carry files.
    #[error("{} has no content: --content is for tool, knowledge, fileset and model", family.article())]
    NoContent {
        /// The family.
        family: Family,
    },
    /// An option that only artifact files take.
    #[error("{option} is for artifact files, and '{source_name}' is an image")]
    ImageOption {
        /// The option.
        option: &'static str,
        /// What was given.
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
        /// Exit status that stands for it: 125, 126 or 127.
        status: u8,
    },
    /// The guest sent something that has no place in the conversation.
    #[error("the guest broke the protocol with a frame of kind {kind:?}")]
    GuestProtocol {
        /// The frame.
        kind: Kind,
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
    /// A setting of `run` that cannot be used.
    #[error("{option} '{value}' cannot be used: {reason}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// Why not.
        reason: String,
    },
}

/// What kind of failure it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The request makes no sense.
    Usage,
    /// Credentials are missing, wrong or not enough.
    Auth,
    /// Something does not exist.
    NotFound,
    /// A document, reference or setting breaks a rule.
    Invalid,
    /// A registry cannot be reached or does not behave like one.
    Unreachable,
    /// The name is taken or in use.
    Conflict,
    /// Content differs from its digest or size.
    Integrity,
    /// A local file or the disk.
    Storage,
    /// A machine.
    Machine,
    /// None of these.
    Other,
}

impl Error {
    /// For `map_err`: `action` fits "failed to ...", and the path follows it.
    pub(crate) fn io(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let action = format!("{action} '{}'", path.display());
        move |source| Self::Io { action, source }
    }

    /// The class.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Client(error) => client_class(error.class()),
            Self::Store(error) => store_class(error),
            Self::Folder(_) => ErrorClass::Storage,
            Self::Fetch { source, .. } => source.class(),
            Self::Convert {
                source: lazaret_rootfs::Error::Write { .. } | lazaret_rootfs::Error::Read { .. },
                ..
            } => ErrorClass::Storage,
            Self::Oci(_)
            | Self::Artifact(_)
            | Self::InvalidArtifact { .. }
            | Self::UnknownKind { .. }
            | Self::Source { .. }
            | Self::LayerCount { .. }
            | Self::ConfigTooLarge { .. }
            | Self::UnknownArtifact { .. }
            | Self::Convert { .. }
            | Self::Disk { .. }
            | Self::Catalogue { .. }
            | Self::Bundle { .. }
            | Self::NoKernelArtifact { .. }
            | Self::ImageAmbiguous { .. } => ErrorClass::Invalid,
            Self::SourceNotFound { .. } | Self::ImageNotFound { .. } | Self::NotOnDisk { .. } => {
                ErrorClass::NotFound
            }
            Self::NoContent { .. } | Self::ImageOption { .. } | Self::Option { .. } => {
                ErrorClass::Usage
            }
            Self::ImageExists { .. } => ErrorClass::Conflict,
            Self::BlobMissing { .. } | Self::DigestMismatch { .. } | Self::RootHash { .. } => {
                ErrorClass::Integrity
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorClass::NotFound
            }
            Self::Io { .. } => ErrorClass::Storage,
            Self::Vm(error) => vm_class(error),
            Self::Initramfs { .. }
            | Self::Workload { .. }
            | Self::GuestProtocol { .. }
            | Self::ChannelClosed => ErrorClass::Machine,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Oci(error) => error.hint(),
            Self::Client(error) => error.hint(),
            Self::Vm(error) => error.hint(),
            Self::Artifact(error) => error.hint(),
            Self::Fetch { source, .. } => source.hint(),
            Self::UnknownKind { .. } => {
                Some("set `kind`, or name the family with --family".to_owned())
            }
            Self::SourceNotFound { .. } => {
                Some("give a file or folder, or a name from `lazaret image ls`".to_owned())
            }
            Self::ImageNotFound { .. } => {
                Some("`lazaret image ls` lists the images; `lazaret pull` fetches one".to_owned())
            }
            Self::ImageExists { name } => {
                Some(format!("remove it first: `lazaret image rm {name}`"))
            }
            Self::ImageAmbiguous { names, .. } => Some(format!(
                "give more of the digest, or a name: {}",
                names.join(", ")
            )),
            Self::RootHash { .. } => {
                Some("remove the image and pull it again: `lazaret image rm`".to_owned())
            }
            Self::NotOnDisk { .. } => Some("`lazaret rootfs ls` lists what is there".to_owned()),
            Self::BlobMissing { .. } => Some("pull or import the image again".to_owned()),
            Self::Io { source, .. }
            | Self::Convert {
                source: lazaret_rootfs::Error::Write { source, .. },
                ..
            } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space; nothing half-written was kept".to_owned())
            }
            Self::Convert {
                source: lazaret_rootfs::Error::Damaged { .. },
                ..
            } => Some("remove the image and pull it again: `lazaret image rm`".to_owned()),
            Self::Convert {
                source: lazaret_rootfs::Error::DiskFull { .. },
                ..
            } => Some("give a larger --size, or none: it is chosen by the content".to_owned()),
            _ => None,
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

fn client_class(class: lazaret_client::Class) -> ErrorClass {
    use lazaret_client::Class;
    match class {
        Class::Unauthorized | Class::Denied => ErrorClass::Auth,
        Class::NotFound => ErrorClass::NotFound,
        Class::Invalid => ErrorClass::Invalid,
        Class::Unreachable | Class::RateLimited | Class::Protocol => ErrorClass::Unreachable,
        Class::Conflict => ErrorClass::Conflict,
        Class::Integrity => ErrorClass::Integrity,
        Class::Local => ErrorClass::Storage,
    }
}

fn store_class(error: &lazaret_images::Error) -> ErrorClass {
    match error {
        lazaret_images::Error::DigestMismatch { .. }
        | lazaret_images::Error::BlobMissing { .. } => ErrorClass::Integrity,
        lazaret_images::Error::Name { .. } => ErrorClass::Invalid,
        lazaret_images::Error::InUse { .. } => ErrorClass::Conflict,
        _ => ErrorClass::Storage,
    }
}

fn vm_class(error: &lazaret_vm::Error) -> ErrorClass {
    use lazaret_vm::Error as Vm;
    match error {
        Vm::KernelNotFound { .. }
        | Vm::NoKernel
        | Vm::HostKernelMissing { .. }
        | Vm::QemuNotFound { .. } => ErrorClass::NotFound,
        Vm::KernelExists { .. } => ErrorClass::Conflict,
        Vm::Unpack { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
            ErrorClass::Storage
        }
        Vm::Malformed { .. }
        | Vm::Unpack { .. }
        | Vm::MetaPackage { .. }
        | Vm::ModulesMissing { .. }
        | Vm::KernelName { .. }
        | Vm::Plan { .. } => ErrorClass::Invalid,
        Vm::Io { .. } | Vm::Record { .. } => ErrorClass::Storage,
        _ => ErrorClass::Machine,
    }
}

/// One line a fault.
fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}
