//! The file systems that the kernel makes up: their files are no files to copy, and reading some of
//! them never ends.

use std::collections::HashSet;

use rustix::fs::makedev;

const TYPES: [&str; 18] = [
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "securityfs",
    "sysfs",
    "tracefs",
];

/// The devices of such file systems.
#[derive(Debug, Default)]
pub(crate) struct Pseudo {
    devices: HashSet<u64>,
}

impl Pseudo {
    /// Those that are mounted where this process is; none when that cannot be read.
    pub(crate) fn mounted() -> Self {
        Self::parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    /// Reads the kernel's list (`proc_pid_mountinfo(5)`).
    fn parse(mountinfo: &[u8]) -> Self {
        let text = String::from_utf8_lossy(mountinfo);
        let device = |line: &str| {
            let (mount, source) = line.split_once(" - ")?;
            let kind = source.split(' ').next()?;
            let (major, minor) = mount.split(' ').nth(2)?.split_once(':')?;
            let device = makedev(major.parse().ok()?, minor.parse().ok()?);
            TYPES.contains(&kind).then_some(device)
        };
        Self {
            devices: text.lines().filter_map(device).collect(),
        }
    }

    /// Whether a device, of a folder, is one of them.
    pub(crate) fn has(&self, device: u64) -> bool {
        self.devices.contains(&device)
    }
}

#[cfg(test)]
mod tests;
