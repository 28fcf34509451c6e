//! Kernels, and the store that keeps them.
//!
//! ```text
//! <store>/.default                 name of the default kernel
//! <store>/.lock                    locked while the store changes
//! <store>/<name>/kernel.json       the record
//! <store>/<name>/vmlinuz           the boot image as it was imported
//! <store>/<name>/vmlinux           unpacked from it, if QEMU can boot that directly
//! <store>/<name>/modules/*.ko      modules that the guest needs, unpacked
//! <store>/<name>/modules/modules.builtin   list of the modules that are built in
//! ```
//!
//! A kernel is published atomically: it is staged beside its place, synced, and renamed.

mod ar;
mod boot_file;
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

pub use boot_file::{BootFile, BootForm, Entry};
pub use bootable::{Kernel, Module, Purpose};
pub use folder::{Chosen, choose_modules};
pub use source::Source;
pub use store::Store;
