//! Converts OCI layers to one file tree, and the tree to a bootable disk or an initramfs, without
//! root.
//!
//! [`DiskBuilder`] takes layer blobs and single files and writes an ext4 or EROFS image in one
//! pass. [`store_layer`] and [`merge_layers`] do the same layer by layer, for images that share
//! layers. [`empty_disk`] makes scratch space, [`append_verity`] adds a dm-verity hash tree, and
//! [`Initramfs`] writes cpio archives for a kernel. [`DiskReader`] reads disks back. [`pack`] is
//! the opposite direction: it makes a layer of a local folder, and [`pack_changes`] one of what a
//! machine has changed in an [`Overlay`].
//!
//! This crate never mounts, runs other programs, uses the network, or writes a layer's files to
//! host paths. Everything is synchronous and reads layers from readers. `supervisor`, its user,
//! opens them, compares the diff ids, and gives the disks to `vm`; `client` fetches layers and
//! `images` keeps them.

mod allowance;
mod blocks;
mod bytes;
mod changes;
mod checksum;
mod compression;
mod cpio;
mod disk;
mod erofs;
mod error;
mod ext4;
#[doc(hidden)]
pub mod fuzzing;
mod layer;
mod options;
mod pack;
mod path;
mod reader;
mod sha256;
mod stored;
#[cfg(test)]
mod tests;
mod tree;
mod verity;
mod xattr;

pub use changes::{Change, ChangeKind, Made, Overlay, pack_changes};
pub use compression::Compression;
pub use cpio::Initramfs;
pub use disk::{DiskBuilder, LayerSummary, Summary, empty_disk};
pub use error::{EntryFault, Error};
pub use options::{FileSystem, Limits, Options};
pub use pack::{PackMode, PackOptions, PackSummary, pack};
pub use reader::{DiskRange, DiskReader, ObjectKind, Stat};
pub use stored::{Part, StoredLayer, merge_layers, parts, store_layer};
pub use tree::{Attributes, Timestamp};
pub use verity::{Verity, append_verity, check_verity};
