//! Makes the guest's boot configuration from the settled run.

use lazaret_artifacts::RunSpec;
use lazaret_protocol::{
    ArtifactMount, BootConfig, FolderMount, MemoryMount, Process, Request, Root, RootMode,
    TerminalSize,
};
use lazaret_rootfs::FileSystem;

use super::mounts::{Attached, image_volumes};
use super::request::RootDisk;
use super::{root, serial};
use crate::{Error, Setting, machines};

/// The boot configuration for a guest with the standard disks. Clock and entropy are still missing,
/// because they are valid for one start only.
pub(super) fn config(
    spec: &RunSpec,
    hostname: String,
    read_only: bool,
    root: &root::Root,
    mounts: Vec<ArtifactMount>,
    (attached, memory): (&Attached, Vec<MemoryMount>),
    terminal: Option<TerminalSize>,
) -> BootConfig {
    let mut env = spec.env.clone();
    // `container` is how systemd learns that it need not set up a machine, and may exit
    // (systemd.io/CONTAINER_INTERFACE).
    for (name, value) in [("HOSTNAME", hostname.as_str()), ("container", "lazaret")] {
        let names_it = |entry: &String| entry.split('=').next() == Some(name);
        if !env.iter().any(names_it) {
            env.push(format!("{name}={value}"));
        }
    }
    BootConfig {
        hostname,
        clock_nanos: 0,
        entropy: String::new(),
        root: Root {
            serial: serial::ROOT.to_owned(),
            filesystem: match root.file_system {
                FileSystem::Erofs => "erofs",
                FileSystem::Ext4 => "ext4",
            }
            .to_owned(),
            verity: root.verity.clone(),
            mode: match root.kind {
                RootDisk::Own => RootMode::Writable,
                _ if read_only => RootMode::ReadOnly,
                _ => RootMode::Overlay {
                    serial: serial::SCRATCH.to_owned(),
                },
            },
        },
        mounts,
        disks: attached.mounts.clone(),
        volumes: image_volumes(spec, attached, &memory),
        memory,
        network: None,
        folders: attached
            .folders
            .iter()
            .map(|folder| FolderMount {
                target: folder.target.clone(),
                read_only: folder.read_only,
                is_file: folder.is_file,
            })
            .collect(),
        process: Process {
            argv: spec.argv.clone(),
            env,
            user: spec.user.clone(),
            working_dir: spec.working_dir.clone(),
            terminal,
            capabilities: spec.capabilities.map(|kept| kept.bits()),
        },
    }
}

/// Checks that the configuration can be sent, before the machine is started.
///
/// # Errors
/// [`Error::Setting`] when it is too large for a frame.
pub(super) fn check(config: &BootConfig) -> Result<(), Error> {
    let request = Request::Boot(Box::new(machines::stamp(config.clone())));
    request.encode().map_err(|error| Error::Setting {
        setting: Setting::Environment,
        value: "...".to_owned(),
        reason: format!("the boot configuration is too large: {error}"),
    })?;
    Ok(())
}

/// Derives a host name from the name of what is run: letters, digits and hyphens, at most 63 bytes.
pub(crate) fn hostname(name: Option<&str>, image: &str) -> String {
    let base = name.unwrap_or_else(|| image.rsplit('/').next().unwrap_or(image));
    let label: String = base
        .chars()
        .take_while(|c| *c != ':' && *c != '@')
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(63)
        .collect();
    match label.trim_matches('-') {
        "" => "lazaret".to_owned(),
        label => label.to_owned(),
    }
}

#[cfg(test)]
mod tests;
