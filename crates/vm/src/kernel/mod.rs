//! Kernels and the store that keeps them.
//!
//! ```text
//! <store>/.default                 name of the default kernel
//! <store>/.lock                    held while the store changes
//! <store>/<name>/kernel.json       the record
//! <store>/<name>/vmlinuz           the boot image as it came
//! <store>/<name>/vmlinux           unpacked from it, when QEMU can boot that directly
//! <store>/<name>/modules/*.ko      what the guest needs, unpacked
//! <store>/<name>/modules/modules.builtin   what the kernel has in itself
//! ```
//!
//! A kernel is published whole: it is staged beside its place, synced, and renamed.

mod ar;
mod bzimage;
mod compression;
mod folder;
mod image;
mod modinfo;
mod modules;
mod package;
mod record;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod vmlinux;
mod words;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use source::Source;
pub use store::Store;

pub(crate) const STAGING_PREFIX: &str = ".staging-";

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

/// Whether `name` can name a kernel, a release or a module file: one path component, no
/// hidden file.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte);
    name.len() <= 128
        && name.bytes().all(allowed)
        && name
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
}
