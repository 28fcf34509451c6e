//! The errors of this crate. Messages name no flag and give no advice: callers know what their
//! users can do.

use std::io;
use std::path::{Path, PathBuf};

use lazaret_artifacts::{Family, Fault};
use lazaret_oci::{Digest, Platform, Reference};
use lazaret_protocol::FailureKind;
use thiserror::Error;

use crate::{
    build_error::BuildError, changes_fault::ChangesFault, checkpoint_error::CheckpointError,
    integration_error::IntegrationError, network_error::NetworkError, pack_error::PackError,
    setting::Setting, variants_error::VariantsError,
};

/// A failed operation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Text that breaks the OCI grammar.
    #[error(transparent)]
    Oci(#[from] lazaret_oci::Error),
    /// A registry refused a request, failed or broke the protocol.
    #[error(transparent)]
    Client(#[from] lazaret_client::Error),
    /// The local store, a layout or an archive failed.
    #[error(transparent)]
    Store(lazaret_images::Error),
    /// A machine or kernel failed.
    #[error(transparent)]
    Vm(#[from] lazaret_vm::Error),
    /// A pack cannot be made or used.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A kernel or guest image of a document cannot be built or used.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An artifact, or a use of one, breaks a rule of its family.
    #[error(transparent)]
    Artifact(#[from] lazaret_artifacts::Error),
    /// A component of a run could not be fetched.
    #[error("failed to fetch '{reference}'")]
    Fetch {
        /// The component.
        reference: Box<Reference>,
        /// The cause.
        source: Box<Error>,
    },
    /// An artifact file that does not match its schema.
    #[error("invalid {family} '{subject}':{}", list(faults))]
    InvalidArtifact {
        /// The file.
        subject: String,
        /// The family it was checked as.
        family: Family,
        /// All faults.
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
    /// A source that does not have the expected form.
    #[error("cannot use '{}': {reason}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// There is neither a file nor a cached image of that name.
    #[error("'{name}' is neither a file nor a cached image")]
    SourceNotFound {
        /// The name given.
        name: String,
    },
    /// There is no image of that name or digest.
    #[error("no image '{name}' in the store")]
    ImageNotFound {
        /// The name or digest given.
        name: String,
    },
    /// The name belongs to an image of another origin.
    #[error("there is an image '{name}' in the store that is not from a catalogue")]
    ImageExists {
        /// Its name.
        name: String,
    },
    /// An artifact where an image is needed.
    #[error("'{name}' is an artifact of type {artifact_type}, not an image")]
    NotAnImage {
        /// Its name, as it was given.
        name: String,
        /// Its type.
        artifact_type: String,
    },
    /// The beginning of a digest that stands for several images, or for several names of one.
    #[error("'{text}' stands for several images")]
    ImageAmbiguous {
        /// The prefix given.
        text: String,
        /// The images.
        names: Vec<String>,
    },
    /// Content was given for an artifact of a family that carries no files.
    #[error("{} has no content", family.article())]
    NoContent {
        /// The family.
        family: Family,
    },
    /// A push without content would replace an artifact that has some.
    #[error("'{reference}' has content, which this push would drop")]
    LosesContent {
        /// The destination.
        reference: Box<Reference>,
    },
    /// A source is both a path and the name of an image.
    #[error("'{text}' is both a file or folder here and the cached image '{image}'")]
    SourceAmbiguous {
        /// The source given.
        text: String,
        /// The name of the image.
        image: String,
    },
    /// A machine cannot run programs of another platform.
    #[error(
        "image '{name}' is for {platform}, and machines here run {}",
        Platform::native()
    )]
    ForeignImage {
        /// The image.
        name: String,
        /// Its platform.
        platform: Platform,
    },
    /// A setting that is only for artifact files was given for an image.
    #[error("the {setting} is for artifact files, and '{source_name}' is an image")]
    ArtifactsOnly {
        /// The setting.
        setting: Setting,
        /// The source given.
        source_name: String,
    },
    /// A blob that the store should have is missing.
    #[error("blob {digest} is missing from the store")]
    BlobMissing {
        /// The blob.
        digest: Digest,
    },
    /// Content does not have the announced digest.
    #[error("{subject} has digest {actual}, not {expected}")]
    DigestMismatch {
        /// The announced digest.
        expected: Digest,
        /// The actual digest.
        actual: Digest,
        /// The name of the content in messages.
        subject: String,
    },
    /// A configuration that does not fit its manifest.
    #[error("image '{image}' has {layers} layers but {diff_ids} diff ids")]
    LayerCount {
        /// The image.
        image: String,
        /// Number of layers in the manifest.
        layers: usize,
        /// Number of diff ids in the configuration.
        diff_ids: usize,
    },
    /// An artifact whose configuration is too large to read.
    #[error("the configuration of '{reference}' has {bytes} bytes")]
    ConfigTooLarge {
        /// The artifact.
        reference: Box<Reference>,
        /// The announced size, in bytes.
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
    /// Layers that cannot be converted to a disk, or files that cannot be packed as a layer.
    #[error("failed to convert {subject}")]
    Convert {
        /// The name of the source in messages.
        subject: String,
        /// The cause.
        source: lazaret_rootfs::Error,
    },
    /// A file that is not a disk, or a damaged disk.
    #[error("cannot read {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: lazaret_rootfs::Error,
    },
    /// The changes of a machine that cannot be read, or not be made an image.
    #[error("cannot read the changes of machine '{machine}': {fault}")]
    Changes {
        /// Its name.
        machine: String,
        /// The reason.
        fault: ChangesFault,
    },
    /// A catalogue that cannot be read.
    #[error("the catalogue {} cannot be used: {reason}", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A file that is not a valid bundle.
    #[error("the bundle of '{name}' cannot be used: {reason}")]
    Bundle {
        /// The image.
        name: String,
        /// The reason.
        reason: String,
    },
    /// An artifact that should be a kernel but is not.
    #[error("'{reference}' is no kernel: {reason}")]
    NoKernelArtifact {
        /// The artifact.
        reference: Box<Reference>,
        /// The reason.
        reason: String,
    },
    /// Behind the socket of a hypervisor no agent answers.
    #[error("no agent answers at {}", path.display())]
    AgentSilent {
        /// The socket.
        path: PathBuf,
        /// What became of the last connection.
        source: lazaret_vm::Error,
    },
    /// No kernel is imported, and none could be fetched.
    #[error("no kernel is installed, and none could be fetched: {reason}")]
    NoKernelFound {
        /// Why the distribution gave none.
        reason: String,
    },
    /// The root hash of a checked disk is missing or damaged.
    #[error("the root hash '{key}' of a disk in the store cannot be read")]
    RootHash {
        /// The key of the disk in the store.
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
        /// The cause.
        source: lazaret_rootfs::Error,
    },
    /// The guest could not start the workload.
    #[error("{message}")]
    Workload {
        /// The message of the guest.
        message: String,
        /// The kind of the failure.
        kind: FailureKind,
    },
    /// An action that the state of the machine does not allow.
    #[error("a machine that is {state} cannot be {action}")]
    MachineState {
        /// Its state.
        state: &'static str,
        /// The action, as a past participle.
        action: &'static str,
    },
    /// The process that holds the machine has gone before it told an ending.
    #[error("the process that holds the machine ended")]
    ChannelClosed,
    /// There is no machine of that name or id.
    #[error("no machine '{name}'")]
    MachineNotFound {
        /// The name or id given.
        name: String,
    },
    /// The beginning of an id that stands for several machines.
    #[error("'{text}' stands for several machines")]
    MachineAmbiguous {
        /// The beginning given.
        text: String,
        /// The machines: short id and name.
        names: Vec<String>,
    },
    /// Another machine has the name.
    #[error("the name '{name}' is taken by machine {id}")]
    MachineExists {
        /// The name.
        name: String,
        /// The short id of the other machine.
        id: String,
    },
    /// A name that no machine can have.
    #[error(
        "'{name}' is no name for a machine: expected up to 63 letters, digits, '_', '.' and '-', \
         the first a letter or digit"
    )]
    MachineName {
        /// The name given.
        name: String,
    },
    /// Another process is about to start, change or remove the machine.
    #[error("machine '{name}' is in use by another command")]
    MachineBusy {
        /// Its name.
        name: String,
    },
    /// A machine that does not run.
    #[error("machine '{name}' is not running: it is {state}")]
    MachineNotRunning {
        /// Its name.
        name: String,
        /// Its state.
        state: String,
    },
    /// A machine that runs, which the action does not allow.
    #[error("machine '{name}' is {state}, and cannot be {action}")]
    MachineRunning {
        /// Its name.
        name: String,
        /// Its state.
        state: String,
        /// The action, as a past participle.
        action: &'static str,
    },
    /// A file that describes a machine is damaged, or of another version.
    #[error("cannot use '{}': {reason}", path.display())]
    MachineRecord {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Files could not be copied on this side.
    #[error(transparent)]
    Copy(lazaret_tar::Error),
    /// Files could not be copied on the machine's side.
    #[error("machine '{machine}': {message}")]
    MachineCopy {
        /// Name of the machine.
        machine: String,
        /// The message of its guest.
        message: String,
        /// The class of the failure.
        class: lazaret_tar::Class,
    },
    /// A copy ended when a part of it was written.
    #[error("'{path}' is incomplete")]
    CopyIncomplete {
        /// What is incomplete.
        path: String,
        /// The cause.
        source: Box<Error>,
    },
    /// A folder or a file of the host cannot be shared.
    #[error(transparent)]
    HostFolder(#[from] lazaret_folders::Error),
    /// The user ended an operation.
    #[error("interrupted")]
    Interrupted,
    /// A name that no volume can have.
    #[error(
        "'{name}' is no name for a volume: expected up to 64 letters, digits, '_', '.' and '-', the \
         first a letter or digit"
    )]
    VolumeName {
        /// The name given.
        name: String,
    },
    /// There is no volume of that name.
    #[error("no volume '{name}'")]
    VolumeNotFound {
        /// The name given.
        name: String,
    },
    /// Others use the volume.
    #[error("volume '{name}' is in use by {}", users(machines))]
    VolumeInUse {
        /// Its name.
        name: String,
        /// Names of the machines that use it.
        machines: Vec<String>,
    },
    /// The log of what machines do.
    #[error(transparent)]
    Audit(#[from] lazaret_audit::Error),
    /// A service with credentials.
    #[error(transparent)]
    Integration(#[from] IntegrationError),
    /// A checkpoint, or what should be one.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The network of a machine.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A named kernel or guest image.
    #[error(transparent)]
    Variants(#[from] VariantsError),
    /// A volume that has to be written to before it can be read.
    #[error(
        "volume '{name}' cannot be read only: the machine that wrote to it died, and its journal has to \
         be replayed"
    )]
    VolumeUnclosed {
        /// Its name.
        name: String,
    },
    /// The file that describes a volume is damaged, or of another version.
    #[error("cannot use '{}': {reason}", path.display())]
    VolumeRecord {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// An operation on a file or stream failed.
    #[error("failed to {action}")]
    Io {
        /// The attempted action.
        action: String,
        /// The cause.
        source: io::Error,
    },
    /// A setting that cannot be used.
    #[error("{setting} '{value}' cannot be used: {reason}")]
    Setting {
        /// The setting.
        setting: Setting,
        /// Its value.
        value: String,
        /// The reason.
        reason: String,
    },
    /// A run with a root disk of the machine's own that is also read-only.
    #[error("a root disk of the machine's own cannot be read-only")]
    ReadOnlyOwnDisk,
}

impl Error {
    /// For `map_err`: `action` completes "failed to ...", and the path follows it.
    pub(crate) fn io(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let action = format!("{action} '{}'", path.display());
        move |source| Self::Io { action, source }
    }
}

/// Formats faults, one per line.
fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// The machines that use a volume, in words.
fn users(machines: &[String]) -> String {
    match machines {
        [] => "another command".to_owned(),
        [machine] => format!("machine '{machine}'"),
        machines => format!("machines '{}'", machines.join("', '")),
    }
}
