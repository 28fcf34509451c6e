//! A plan as Cloud Hypervisor's command line (`vmm/src/config.rs` there, version 53).

use std::ffi::OsString;

use super::command_line::command_line;
use super::firecracker::GUEST;
use super::paths::{CONSOLE, Paths, VSOCK, again};
use crate::{LaunchPlan, Substrate};

/// The command line. With `landlock` it gives up what it does not need, which it does only where the
/// kernel has all that it asks for.
pub(super) fn arguments(plan: &LaunchPlan, paths: &Paths, landlock: bool) -> Vec<OsString> {
    let mut arguments: Vec<String> = Vec::new();
    let mut add = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
    add("kernel", again(paths.kernel));
    add("initramfs", again(paths.initramfs));
    add("cmdline", command_line(Substrate::CloudHypervisor, plan));
    add("cpus", format!("boot={}", plan.cpus));
    add("memory", format!("size={}M", plan.memory_mib));
    add("rng", "src=/dev/urandom".to_owned());
    add(
        "vsock",
        format!("cid={GUEST},socket={}", paths.within(VSOCK)),
    );
    add("serial", format!("file={}", paths.within(CONSOLE)));
    add("console", "off".to_owned());
    if !plan.disks.is_empty() {
        arguments.push("--disk".to_owned());
    }
    for (disk, file) in plan.disks.iter().zip(&paths.disks) {
        let switch = if disk.read_only { "on" } else { "off" };
        let (path, serial) = (again(*file), &disk.serial);
        arguments.push(format!(
            "path={path},readonly={switch},serial={serial},image_type=raw"
        ));
    }
    if landlock {
        arguments.push("--landlock".to_owned());
    }
    arguments.into_iter().map(OsString::from).collect()
}
