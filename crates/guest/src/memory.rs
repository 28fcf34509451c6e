//! Mounts file systems in memory into the workload's root.

use std::path::Path;

use lazaret_protocol::MemoryMount;
use rustix::mount::MountFlags;

use crate::error::{Context as _, Result};
use crate::inroot::{InRoot, path_of};
use crate::mount_point;

/// Mounts one, empty.
pub(crate) fn mount(root: &InRoot, mount: &MemoryMount) -> Result<()> {
    let target = mount_point::open(root, &mount.target, "tmpfs")?;
    let what = || format!("mount memory at `{}`", mount.target);
    let data = std::ffi::CString::new(options(mount))
        .map_err(std::io::Error::from)
        .context(what)?;
    let place: &Path = &path_of(&target);
    rustix::mount::mount(c"tmpfs", place, c"tmpfs", flags(mount), data.as_c_str()).context(what)
}

/// The options of tmpfs.
fn options(mount: &MemoryMount) -> String {
    let MemoryMount { mode, uid, gid, .. } = mount;
    let size = mount.size.map(|bytes| format!(",size={bytes}"));
    format!(
        "mode={mode:o},uid={uid},gid={gid}{}",
        size.unwrap_or_default()
    )
}

fn flags(mount: &MemoryMount) -> MountFlags {
    let mut flags = MountFlags::empty();
    flags.set(MountFlags::RDONLY, mount.read_only);
    flags.set(MountFlags::NOEXEC, !mount.exec);
    flags.set(MountFlags::NOSUID, !mount.suid);
    flags.set(MountFlags::NODEV, !mount.dev);
    flags
}

/// Number of processes that the kernel has ended because there was no more memory. Nought when it does
/// not say: the workload may have covered the file.
pub(crate) fn ended_processes() -> u64 {
    let text = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    number_in(&text).unwrap_or_default()
}

fn number_in(vmstat: &str) -> Option<u64> {
    let mut lines = vmstat.lines();
    lines.find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok())
}

#[cfg(test)]
mod tests;
