//! Machines by name.

use std::path::PathBuf;

use crate::{Architecture, ProtectionMode, Selector, Substrate};

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its name in the document.
    pub name: String,
    /// Name of its host, which the document has.
    pub host: String,
    /// Name of its kernel, which the document has, in this variant.
    pub kernel: String,
    /// Name of its guest image, which the document has, in this variant.
    pub guest_image: String,
    /// What runs it.
    pub substrate: Substrate,
    /// How it is protected.
    pub protection_mode: ProtectionMode,
    /// Its architecture; may be `native`.
    pub architecture: Architecture,
    /// Number of its processors, at least one.
    pub vcpu_count: u32,
    /// Its memory in MiB, at least one.
    pub memory_mib: u32,
    /// The kernel's command line.
    pub kernel_args: String,
    /// Whether the guest cannot write its root.
    pub rootfs_read_only: bool,
    /// How its agent is reached.
    pub guest: GuestControl,
    /// Its disks beside the root; one at most.
    pub volumes: Vec<MachineVolume>,
}

impl Machine {
    /// The variant of its kernel and guest image.
    #[must_use]
    pub fn selector(&self) -> Selector {
        Selector {
            architecture: self.architecture,
            substrate: self.substrate,
            protection_mode: self.protection_mode,
        }
    }
}

/// How the agent of a machine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestControl {
    /// The machine's address of vsock.
    pub vsock_cid: u32,
    /// The agent's port of vsock.
    pub control_port: u32,
    /// The file for the console's output, from the working directory.
    pub console_log: PathBuf,
}

/// A file of the host that is a disk of the machine and stays when the machine goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineVolume {
    /// Its name.
    pub name: String,
    /// The file, from the working directory.
    pub path: PathBuf,
}
