//! What the guest is told, from what the run is.

use std::time::{SystemTime, UNIX_EPOCH};

use lazaret_artifacts::RunSpec;
use lazaret_protocol::{ArtifactMount, BootConfig, Process, Root, RootMode, VERSION};

use lazaret_rootfs::FileSystem;

use super::RootDisk;

/// Serials of the disks, as the guest finds them under `/sys/block`.
pub(super) const ROOT: &str = "root";
pub(super) const SCRATCH: &str = "scratch";
pub(super) const ARTIFACTS: &str = "artifacts";

/// The configuration for a guest with the standard disks.
pub(super) fn config(
    spec: &RunSpec,
    hostname: String,
    read_only: bool,
    root: &super::root::Root,
    mounts: Vec<ArtifactMount>,
) -> BootConfig {
    BootConfig {
        version: VERSION,
        hostname,
        clock_seconds: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        entropy: entropy(),
        root: Root {
            serial: ROOT.to_owned(),
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
                    serial: SCRATCH.to_owned(),
                },
            },
        },
        mounts,
        process: Process {
            argv: spec.argv.clone(),
            env: spec.env.clone(),
            user: spec.user.clone(),
            working_dir: spec.working_dir.clone(),
        },
    }
}

/// 64 random bytes as hexadecimal digits; none when the host has none to give, because the
/// guest has a random number device as well.
fn entropy() -> String {
    let mut bytes = [0u8; 64];
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) {
        Ok(length) => lazaret_values::hex(&bytes[..length]),
        Err(_) => String::new(),
    }
}

/// A host name from the name of what runs: letters, digits and hyphens, at most 63.
pub(super) fn hostname(name: Option<&str>, image: &str) -> String {
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
