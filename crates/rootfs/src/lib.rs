//! OCI layers to one file tree to bootable disks and initramfs archives, without root.
//!
//! [`DiskBuilder`] takes layer blobs and single files and writes an ext4 or EROFS image: in one pass,
//! without mounts, other programs or a tree on the host. Nothing from a layer ever touches a host
//! path. [`store_layer`] and [`merge_layers`] do the same layer by layer, for images that share some.
//! [`empty_disk`] makes scratch space, [`append_verity`] a tree of hashes. [`Initramfs`] writes
//! cpio archives for a kernel, [`DiskReader`] shows what a disk holds, and [`pack`] goes the other way: a local folder becomes a layer.
//!
//! All of it is synchronous. Layers come as readers: fetching and verifying them, and comparing
//! the diff ids that come back, is the caller's.

mod blocks;
mod bytes;
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

pub use compression::Compression;
pub use cpio::Initramfs;
pub use disk::{DiskBuilder, LayerSummary, Summary, empty_disk};
pub use error::{EntryFault, Error};
pub use options::{FileSystem, Limits, Options};
pub use pack::{PackMode, PackOptions, PackSummary, pack};
pub use reader::{DiskReader, ObjectKind, Stat};
pub use stored::{Part, StoredLayer, merge_layers, parts, store_layer};
pub use tree::{Attributes, Timestamp};
pub use verity::{Verity, append_verity};
