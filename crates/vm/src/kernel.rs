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
mod bootable;
mod bzimage;
mod compression;
mod folder;
mod image;
mod modinfo;
mod modules;
mod name;
mod package;
mod package_tar;
mod parts;
mod record;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod vmlinux;
mod words;

pub use bootable::{Kernel, Module, Purpose};
pub use source::Source;
pub use store::Store;
