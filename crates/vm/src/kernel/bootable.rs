//! A kernel of the store, ready to boot.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A stored kernel, ready to boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// Name of the kernel in the store.
    pub name: String,
    /// `uname -r` of the guest.
    pub release: String,
    /// The image that QEMU boots: a PVH `vmlinux`, or a bzImage.
    pub image: PathBuf,
    /// The boot image as it was imported.
    pub vmlinuz: PathBuf,
    /// Modules for the initramfs, each after its dependencies.
    pub modules: Vec<Module>,
    /// `sha256:...` over the boot image and the modules; guests with equal digests are equal.
    pub digest: String,
}

/// A loadable module of a [`Kernel`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// File name, such as `virtio_blk.ko`.
    pub file_name: String,
    /// Path of the uncompressed module.
    pub path: PathBuf,
    /// The purpose for which it is loaded.
    pub purpose: Purpose,
}

/// The purpose of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Needed in every machine, from its start on.
    #[default]
    Machine,
    /// Drivers of the devices that differ between machines: disks. They are loaded in every
    /// machine, but meet their devices only when the host has said what the machine is for.
    Devices,
    /// Needed in machines with a network device; they meet it as disks are met.
    Network,
    /// Needed in machines that boot from their own disk, under any hypervisor: network, PCI.
    Boot,
    /// Needed for disks that dm-verity checks.
    Verity,
    /// Needed in machines with folders of the host.
    Folders,
    /// Needed in machines whose control stream is a vsock connection, beside those for [`Purpose::Boot`].
    Vsock,
}
