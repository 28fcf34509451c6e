//! What a hypervisor opens, and by which names.

use std::os::fd::{AsRawFd as _, OwnedFd};

/// Name of the socket of the vsock device; the hypervisor makes it.
pub(super) const VSOCK: &str = "vsock";
/// Name of the pipe for the guest's console.
pub(super) const CONSOLE: &str = "console";
/// Name of the file with a configuration.
pub(super) const CONFIGURATION: &str = "configuration.json";

/// The numbers of the descriptors that a hypervisor inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paths {
    pub(super) kernel: i32,
    pub(super) initramfs: i32,
    /// In the order of the plan's disks.
    pub(super) disks: Vec<i32>,
    /// The folder with sockets and configuration.
    pub(super) folder: i32,
}

impl Paths {
    pub(super) fn of(boot: &[OwnedFd; 2], disks: &[&OwnedFd], folder: &OwnedFd) -> Self {
        let [kernel, initramfs] = boot.each_ref().map(|file| file.as_raw_fd());
        Self {
            kernel,
            initramfs,
            disks: disks.iter().map(|disk| disk.as_raw_fd()).collect(),
            folder: folder.as_raw_fd(),
        }
    }

    /// The path of something in the folder. It is short enough for the address of a socket, however long the
    /// folder's own path is.
    pub(super) fn within(&self, name: &str) -> String {
        format!("{}/{name}", again(self.folder))
    }
}

/// The path by which a process opens one of its own descriptors again.
pub(super) fn again(descriptor: i32) -> String {
    format!("/proc/self/fd/{descriptor}")
}
