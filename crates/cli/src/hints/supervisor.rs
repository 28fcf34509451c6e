//! Messages and hints for failures of the supervisor's operations.

use std::io;

use lazaret_supervisor::{ChangesFault, CheckpointError, DiskError, Error, FolderError, Setting};

use super::{artifacts, builds, client, network, packs, secrets, variants, vm};

/// The advice for an error, if there is any.
pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Oci(error) => artifacts::reference(error),
        Error::Client(error) => client::hint(error),
        Error::Vm(error) => vm::hint(error),
        Error::Build(error) => builds::hint(error),
        Error::Artifact(error) => artifacts::hint(error),
        Error::Fetch { source, .. } => hint(source),
        Error::UnknownKind { .. } => {
            Some("set `kind`, or name the family with --family".to_owned())
        }
        Error::SourceNotFound { .. } => {
            Some("give a file or folder, or a name from `lazaret image ls`".to_owned())
        }
        Error::ImageNotFound { .. } => {
            Some("`lazaret image ls` lists the images; `lazaret pull` fetches one".to_owned())
        }
        Error::NotAnImage { .. } => {
            Some("an agent runs with `lazaret run`; disks are made of images".to_owned())
        }
        Error::SourceAmbiguous { text, image } => Some(format!(
            "write ./{text} for the path, {image} for the image"
        )),
        Error::LosesContent { .. } => Some(
            "give the files with --content PATH, or --no-content if there are to be none"
                .to_owned(),
        ),
        Error::ImageExists { name } => Some(format!("remove it first: `lazaret image rm {name}`")),
        Error::ImageAmbiguous { names, .. } => Some(format!(
            "give more of the digest, or a name: {}",
            names.join(", ")
        )),
        Error::AgentSilent { .. } => Some(
            "an agent has one host at a time; the disk has one with `rootfs build --inject agent`, \
             and its machine the port org.lazaret.agent.0"
                .to_owned(),
        ),
        Error::NoKernelFound { .. } => vm::hint(&lazaret_vm::Error::NoKernel),
        Error::RootHash { .. } => {
            Some("remove the image and pull it again: `lazaret image rm`".to_owned())
        }
        Error::HostFolder(FolderError::Missing { .. }) => Some(
            "make it first: unlike Docker, Lazaret makes no folder of the host by itself".to_owned(),
        ),
        Error::VolumeInUse { name, machines } if !machines.is_empty() => Some(format!(
            "`lazaret ps -a --filter volume={name}` lists its machines; several can read it (`:ro`)"
        )),
        Error::VolumeUnclosed { .. } => {
            Some("mount it once without `ro`: that closes it".to_owned())
        }
        Error::VolumeNotFound { .. } => Some("`lazaret volume ls` lists the volumes".to_owned()),
        Error::Checkpoint(error) => checkpoint(error),
        Error::Integration(error) => secrets::hint(error),
        Error::Network(error) => network::hint(error),
        Error::Variants(error) => variants::hint(error),
        Error::Audit(error) => secrets::audit(error),
        Error::Pack(error) => packs::hint(error),
        Error::NotOnDisk { .. } => Some("`lazaret rootfs ls` lists what is there".to_owned()),
        Error::BlobMissing { .. } => Some("pull or import the image again".to_owned()),
        Error::MachineNotRunning { name, .. } => Some(format!("`lazaret start {name}` starts it")),
        Error::CopyIncomplete { source, .. } => hint(source),
        Error::Changes { machine, fault } => changes(machine, fault),
        Error::Io { source, .. }
        | Error::Convert {
            source: DiskError::Write { source, .. },
            ..
        } if source.kind() == io::ErrorKind::StorageFull => {
            Some("free some space; nothing half-written was kept".to_owned())
        }
        Error::Convert {
            source: DiskError::Damaged { .. },
            ..
        } => Some("remove the image and pull it again: `lazaret image rm`".to_owned()),
        Error::Convert {
            source: DiskError::DiskFull { .. },
            ..
        } => Some(
            "give a larger --size (`run`: --disk-size), or none: it is chosen by the content"
                .to_owned(),
        ),
        _ => None,
    }
}

fn checkpoint(error: &CheckpointError) -> Option<String> {
    Some(match error {
        CheckpointError::NotFound { .. } => {
            "`lazaret checkpoint ls` lists the checkpoints".to_owned()
        }
        CheckpointError::Exists { name } => {
            format!("remove it first: `lazaret checkpoint rm {name}`")
        }
        CheckpointError::Differs { .. } | CheckpointError::Artifact { .. } => {
            "memory goes on only with the kernel, QEMU and processor that it had".to_owned()
        }
        CheckpointError::HasFolder { .. } => {
            "save a machine without it: `lazaret cp` copies files into one that runs".to_owned()
        }
        CheckpointError::WritesVolume { .. } => {
            "give the machine the volume with `:ro`, or copy it into the machine".to_owned()
        }
        _ => return None,
    })
}

/// The advice for changes that cannot be read.
fn changes(machine: &str, fault: &ChangesFault) -> Option<String> {
    match fault {
        ChangesFault::OwnDisk => {
            Some("a machine without --fs ext4 has its changes apart from its image".to_owned())
        }
        ChangesFault::Unclosed => Some(format!(
            "`lazaret start {machine}`: while it runs, its changes can be read"
        )),
        ChangesFault::Disturbed => Some("try again".to_owned()),
        ChangesFault::NoLayers { image } => Some(format!(
            "pull or import it again, the same version: `lazaret pull {image}`"
        )),
        _ => None,
    }
}

/// The message in the words of this command line, for errors that have none of their own.
pub(super) fn message(error: &Error) -> Option<String> {
    Some(match error {
        Error::Setting {
            setting,
            value,
            reason,
        } => format!("{} '{value}' cannot be used: {reason}", flag(*setting)),
        Error::ArtifactsOnly {
            setting,
            source_name,
        } => format!(
            "{} is for artifact files, and '{source_name}' is an image",
            flag(*setting)
        ),
        Error::ReadOnlyOwnDisk => "--fs 'ext4' cannot be used: a disk to be written to and \
                                   --read-only exclude each other"
            .to_owned(),
        Error::NoContent { .. } => {
            format!("{error}: --content is for tool, knowledge, fileset and model")
        }
        _ => return None,
    })
}

/// The flag of a setting.
fn flag(setting: Setting) -> &'static str {
    match setting {
        Setting::Environment => "--env",
        Setting::Processors => "--cpus",
        Setting::Size => "--size",
        Setting::DiskSize => "--disk-size",
        Setting::HostName => "--hostname",
        Setting::Compression => "--compress",
        Setting::Platform => "--platform",
        Setting::Injection => "--inject",
        Setting::Family => "--family",
        Setting::Content => "--content",
        Setting::Instruction => "--change",
    }
}
