//! Classes of failures, by which callers choose exit statuses and answers.

use std::io;

use crate::build_error::BuildError;
use crate::checkpoint_error::CheckpointError;
use crate::error::Error;
use crate::integration_error::IntegrationError;
use crate::network_error::NetworkError;
use crate::pack_error::PackError;
use crate::variants_error::VariantsError;

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The request makes no sense.
    Usage,
    /// Credentials are missing, wrong or not enough.
    Auth,
    /// Something does not exist.
    NotFound,
    /// A registry cannot be reached, or does not behave like one.
    Invalid,
    /// A registry cannot be reached or does not behave like one.
    Unreachable,
    /// A name is taken, or a thing is in use.
    Conflict,
    /// Content differs from its digest or size.
    Integrity,
    /// A local file or disk failed.
    Storage,
    /// A machine failed.
    Machine,
    /// Any other failure.
    Other,
}

impl Error {
    /// The class of this error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Client(error) => client_class(error.class()),
            Self::Build(error) => build_class(error),
            Self::Checkpoint(error) => checkpoint_class(error),
            Self::Network(error) => network_class(error),
            Self::Integration(error) => integration_class(error),
            Self::Audit(error) => audit_class(error),
            Self::Variants(error) => variants_class(error),
            Self::Pack(error) => pack_class(error),
            Self::Store(error) => store_class(error),
            Self::HostFolder(lazaret_folders::Error::Missing { .. }) => ErrorClass::NotFound,
            Self::HostFolder(lazaret_folders::Error::Kind { .. }) => ErrorClass::Usage,
            Self::HostFolder(_) => ErrorClass::Storage,
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
            | Self::ImageAmbiguous { .. }
            | Self::MachineAmbiguous { .. }
            | Self::MachineRecord { .. }
            | Self::VolumeRecord { .. }
            | Self::ForeignImage { .. }
            | Self::NotAnImage { .. } => ErrorClass::Invalid,
            Self::SourceNotFound { .. }
            | Self::ImageNotFound { .. }
            | Self::MachineNotFound { .. }
            | Self::VolumeNotFound { .. }
            | Self::NoKernelFound { .. }
            | Self::NotOnDisk { .. } => ErrorClass::NotFound,
            Self::NoContent { .. }
            | Self::MachineName { .. }
            | Self::VolumeName { .. }
            | Self::SourceAmbiguous { .. }
            | Self::ArtifactsOnly { .. }
            | Self::Setting { .. }
            | Self::ReadOnlyOwnDisk => ErrorClass::Usage,
            Self::ImageExists { .. }
            | Self::LosesContent { .. }
            | Self::MachineExists { .. }
            | Self::MachineBusy { .. }
            | Self::VolumeInUse { .. }
            | Self::VolumeUnclosed { .. }
            | Self::MachineRunning { .. }
            | Self::MachineNotRunning { .. }
            | Self::MachineState { .. }
            | Self::Changes { .. } => ErrorClass::Conflict,
            Self::BlobMissing { .. } | Self::DigestMismatch { .. } | Self::RootHash { .. } => {
                ErrorClass::Integrity
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorClass::NotFound
            }
            Self::Io { .. } => ErrorClass::Storage,
            Self::Copy(error) => copy_class(error.class()),
            Self::MachineCopy { class, .. } => copy_class(*class),
            Self::CopyIncomplete { source, .. } => source.class(),
            Self::Interrupted => ErrorClass::Other,
            Self::Vm(error) => vm_class(error),
            Self::AgentSilent { .. } => ErrorClass::Machine,
            Self::Initramfs { .. } | Self::Workload { .. } | Self::ChannelClosed => {
                ErrorClass::Machine
            }
        }
    }
}

fn build_class(error: &BuildError) -> ErrorClass {
    use BuildError as Build;
    match error {
        Build::Variant(_)
        | Build::ResearchOnly { .. }
        | Build::Foreign { .. }
        | Build::Unprotected { .. }
        | Build::NoSource { .. }
        | Build::NotOfGuestImages { .. }
        | Build::ForeignMachine { .. }
        | Build::NotLocal { .. } => ErrorClass::Usage,
        Build::NoProgram { .. }
        | Build::NoSubstrate { .. }
        | Build::Absent { .. }
        | Build::NoMachine { .. }
        | Build::Package { .. } => ErrorClass::NotFound,
        Build::Program { .. }
        | Build::NoOutput { .. }
        | Build::TooLarge { .. }
        | Build::Kernel { .. }
        | Build::GuestImage(_) => ErrorClass::Invalid,
        Build::Unsound { .. } => ErrorClass::Integrity,
        Build::Volume { .. } => ErrorClass::Conflict,
    }
}

fn network_class(error: &NetworkError) -> ErrorClass {
    use NetworkError as Network;
    match error {
        Network::None { .. } | Network::NoQuestion { .. } => ErrorClass::NotFound,
        Network::QuestionName { .. }
        | Network::NoPolicy
        | Network::NoPolicyFile { .. }
        | Network::WithoutNetwork { .. } => ErrorClass::Usage,
        Network::Publish { .. } | Network::NotSettled { .. } => ErrorClass::Conflict,
        Network::Boundary { .. } | Network::Authority(_) => ErrorClass::Machine,
    }
}

fn variants_class(error: &VariantsError) -> ErrorClass {
    use VariantsError as Variants;
    use lazaret_variants::Error as Value;
    match error {
        Variants::NoDocument { .. }
        | Variants::NoFile { .. }
        | Variants::NotStored { .. }
        | Variants::Value(Value::NoArtifact { .. } | Value::NoVariant { .. }) => {
            ErrorClass::NotFound
        }
        Variants::Document { .. } | Variants::Value(_) | Variants::Manifest { .. } => {
            ErrorClass::Invalid
        }
        Variants::Variable { .. }
        | Variants::Unsendable { .. }
        | Variants::PlainControlPlane { .. } => ErrorClass::Usage,
        Variants::Refused { status, .. } => match status {
            401 | 403 => ErrorClass::Auth,
            404 => ErrorClass::NotFound,
            409 => ErrorClass::Conflict,
            400..=499 => ErrorClass::Invalid,
            _ => ErrorClass::Unreachable,
        },
        Variants::Connection { .. } | Variants::Protocol { .. } => ErrorClass::Unreachable,
        Variants::IndexRace { .. } => ErrorClass::Conflict,
        Variants::Authorities { .. } => ErrorClass::Storage,
    }
}

fn checkpoint_class(error: &CheckpointError) -> ErrorClass {
    use CheckpointError as Checkpoint;
    match error {
        Checkpoint::NotFound { .. } | Checkpoint::Gone { .. } => ErrorClass::NotFound,
        Checkpoint::Name { .. } | Checkpoint::Lacks { .. } => ErrorClass::Usage,
        Checkpoint::Exists { .. }
        | Checkpoint::Busy { .. }
        | Checkpoint::WritesVolume { .. }
        | Checkpoint::HasFolder { .. } => ErrorClass::Conflict,
        Checkpoint::Record { .. } | Checkpoint::Differs { .. } | Checkpoint::Artifact { .. } => {
            ErrorClass::Invalid
        }
    }
}

fn integration_class(error: &IntegrationError) -> ErrorClass {
    use lazaret_secrets::{Error as Secrets, GrantError};
    match error {
        IntegrationError::NotFound { .. } => ErrorClass::NotFound,
        IntegrationError::Ambiguous { .. }
        | IntegrationError::WhichCredential { .. }
        | IntegrationError::NoCredential { .. }
        | IntegrationError::Secret { .. } => ErrorClass::Usage,
        IntegrationError::Record { .. } => ErrorClass::Invalid,
        IntegrationError::Secrets(error) => match error {
            Secrets::Name { .. }
            | Secrets::Grant(GrantError::Endpoint { .. } | GrantError::Client) => ErrorClass::Usage,
            Secrets::Grant(GrantError::Unreachable { .. }) => ErrorClass::Unreachable,
            Secrets::Grant(GrantError::Refused { .. }) => ErrorClass::Auth,
            _ => ErrorClass::Storage,
        },
    }
}

fn audit_class(error: &lazaret_audit::Error) -> ErrorClass {
    use lazaret_audit::Error as Audit;
    match error {
        Audit::Absent { .. } => ErrorClass::NotFound,
        Audit::Broken { .. } | Audit::End { .. } => ErrorClass::Integrity,
        Audit::Busy { .. } => ErrorClass::Conflict,
        Audit::Files(error) if error.source.kind() == io::ErrorKind::NotFound => {
            ErrorClass::NotFound
        }
        _ => ErrorClass::Storage,
    }
}

fn pack_class(error: &PackError) -> ErrorClass {
    use lazaret_pack::Error as Format;
    match error {
        PackError::Format(error) => match error {
            Format::NoPack { .. } | Format::Version { .. } | Format::TooLarge { .. } => {
                ErrorClass::Invalid
            }
            Format::Damaged { .. } | Format::Untrusted { .. } => ErrorClass::Integrity,
            Format::Key { .. } => ErrorClass::Usage,
            Format::Program { .. } => ErrorClass::Other,
            Format::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorClass::NotFound
            }
            Format::Io { .. } => ErrorClass::Storage,
        },
        PackError::Mounts | PackError::Platform { .. } => ErrorClass::Usage,
        PackError::Architecture { .. }
        | PackError::Launch { .. }
        | PackError::NoArtifact { .. }
        | PackError::Foreign { .. } => ErrorClass::Invalid,
        PackError::Replaced { .. } => ErrorClass::Conflict,
        PackError::NoLayers { .. } => ErrorClass::NotFound,
    }
}

fn copy_class(class: lazaret_tar::Class) -> ErrorClass {
    use lazaret_tar::Class;
    match class {
        Class::NotFound => ErrorClass::NotFound,
        Class::Conflict => ErrorClass::Conflict,
        Class::Invalid => ErrorClass::Invalid,
        Class::Storage => ErrorClass::Storage,
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
        | lazaret_images::Error::SizeMismatch { .. }
        | lazaret_images::Error::BlobMissing { .. } => ErrorClass::Integrity,
        lazaret_images::Error::Name { .. }
        | lazaret_images::Error::Oci(_)
        | lazaret_images::Error::Source { .. }
        | lazaret_images::Error::Platform { .. }
        | lazaret_images::Error::LayerCount { .. }
        | lazaret_images::Error::TooManyLayers { .. }
        | lazaret_images::Error::TooLarge { .. } => ErrorClass::Invalid,
        lazaret_images::Error::ImageMissing { .. } => ErrorClass::NotFound,
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
        | Vm::QemuNotFound { .. }
        | Vm::HypervisorNotFound { .. } => ErrorClass::NotFound,
        Vm::KernelExists { .. } => ErrorClass::Conflict,
        Vm::Unpack { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
            ErrorClass::Storage
        }
        Vm::Unsupported(_) => ErrorClass::Usage,
        Vm::Malformed { .. }
        | Vm::Unpack { .. }
        | Vm::MetaPackage { .. }
        | Vm::ModulesMissing { .. }
        | Vm::KernelName { .. }
        | Vm::Plan { .. } => ErrorClass::Invalid,
        Vm::FileChanged { .. } => ErrorClass::Integrity,
        Vm::Io { .. } | Vm::Record { .. } => ErrorClass::Storage,
        _ => ErrorClass::Machine,
    }
}
