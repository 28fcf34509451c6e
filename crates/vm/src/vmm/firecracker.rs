//! A plan as Firecracker's configuration file (`src/vmm/src/resources.rs` there, version 1.16) and command
//! line.

use std::ffi::OsString;

use serde::Serialize;

use super::command_line::command_line;
use super::paths::{CONFIGURATION, Paths, VSOCK, again};
use crate::{LaunchPlan, Substrate};

/// The guest's address. Each machine has a vsock device of its own, so that all may have the same one.
pub(super) const GUEST: u32 = 3;

/// Longest id of a machine.
const ID_BYTES: usize = 64;

/// `VmmConfig`. Members that are refused when they are unknown are those of the members.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Configuration {
    boot_source: BootSource,
    drives: Vec<Drive>,
    machine_config: MachineConfig,
    vsock: Vsock,
    entropy: Entropy,
}

#[derive(Serialize)]
struct BootSource {
    kernel_image_path: String,
    initrd_path: String,
    boot_args: String,
}

#[derive(Serialize)]
struct Drive {
    drive_id: String,
    /// Never: the initramfs mounts the root, and the kernel would be told another one.
    is_root_device: bool,
    is_read_only: bool,
    path_on_host: String,
    /// Whether what the guest flushes is on the host's disk.
    cache_type: &'static str,
}

#[derive(Serialize)]
struct MachineConfig {
    vcpu_count: u32,
    mem_size_mib: u64,
}

#[derive(Serialize)]
struct Vsock {
    guest_cid: u32,
    uds_path: String,
}

#[derive(Serialize)]
struct Entropy {}

/// The content of the configuration file.
pub(super) fn configuration(plan: &LaunchPlan, paths: &Paths) -> serde_json::Result<Vec<u8>> {
    let disks = plan.disks.iter().zip(&paths.disks).enumerate();
    let drives = disks.map(|(number, (disk, file))| Drive {
        drive_id: format!("disk{number}"),
        is_root_device: false,
        is_read_only: disk.read_only,
        path_on_host: again(*file),
        cache_type: match disk.lasting {
            true => "Writeback",
            false => "Unsafe",
        },
    });
    let configuration = Configuration {
        boot_source: BootSource {
            kernel_image_path: again(paths.kernel),
            initrd_path: again(paths.initramfs),
            boot_args: command_line(Substrate::Firecracker, plan),
        },
        drives: drives.collect(),
        machine_config: MachineConfig {
            vcpu_count: plan.cpus,
            mem_size_mib: plan.memory_mib,
        },
        vsock: Vsock {
            guest_cid: GUEST,
            uds_path: paths.within(VSOCK),
        },
        entropy: Entropy {},
    };
    let mut bytes = serde_json::to_vec_pretty(&configuration)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The command line. Its console is its standard output.
pub(super) fn arguments(plan: &LaunchPlan, paths: &Paths) -> Vec<OsString> {
    let configuration = paths.within(CONFIGURATION);
    let id = id(plan);
    ["--no-api", "--id", &id, "--config-file", &configuration]
        .map(OsString::from)
        .to_vec()
}

/// The machine's id, which is the name of its folder, for people who look at a list of processes.
fn id(plan: &LaunchPlan) -> String {
    let folder = plan.console_log.as_deref().and_then(|log| log.parent());
    let name = folder.and_then(|folder| folder.file_name()?.to_str());
    let is_id = |name: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=ID_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
    };
    name.filter(is_id).unwrap_or("machine").to_owned()
}
