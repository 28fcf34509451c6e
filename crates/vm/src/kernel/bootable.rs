//! A kernel of the store, as those who boot it see it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A stored kernel, ready to boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// Its name in the store.
    pub name: String,
    /// `uname -r` of the guest.
    pub release: String,
    /// What QEMU boots: a PVH `vmlinux`, or a bzImage.
    pub image: PathBuf,
    /// The boot image as it came.
    pub vmlinuz: PathBuf,
    /// Modules for the initramfs, each after those it depends on.
    pub modules: Vec<Module>,
    /// `sha256:...` over the boot image and the modules: equal digests, equal guests.
    pub digest: String,
}

/// A loadable module of a [`Kernel`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// File name, such as `virtio_blk.ko`.
    pub file_name: String,
    /// Where the uncompressed module is.
    pub path: PathBuf,
    /// When it is loaded.
    pub purpose: Purpose,
}

/// What a module is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Every machine.
    #[default]
    Machine,
    /// Machines that boot from a disk of their own, under any hypervisor: network, PCI.
    Boot,
    /// Disks that are checked by dm-verity.
    Verity,
}
