//! Images on a client machine, and the ports through which any image moves.
//!
//! ```text
//!   Source: root, manifest, blob, referrers          Target: put_blob, put_manifest, put_root
//!     layout folder, layout tar, docker archive,       layout folder, layout tar (also for Docker),
//!     the store                                        the store
//!     registry (adapter in `supervisor`)               registry (adapter in `supervisor`)
//!                  \                                   /
//!                   Graph (all that a root leads to), select (by platform), copy
//! ```
//! The ports are asynchronous, because a registry is; disk access behind them runs on threads that
//! may block. The calls of the store itself block: use them on such a thread.
//!
//! ```text
//! blobs/<algorithm>/<2 hex>/<hex>   layers, configurations, manifests, indexes
//! images/<readable>-<hash>.json     one record for each name
//! disks/<key>                       converted disks
//! disks/<key>.lock                  flock while the disk is built
//! lock                              flock: shared by pulls and builds, exclusive for prune
//! scratch/                          unpublished files of live processes
//! ```
//!
//! The crate never speaks to a registry and never reads the content of a layer: `client` and
//! `rootfs` do, and `supervisor` joins them.

mod admit;
mod archive;
mod blob;
mod checked;
mod compression;
mod copy;
mod describe;
mod disks;
mod docker;
mod document;
mod error;
mod feed;
mod folder;
mod graph;
mod layout;
mod leased;
mod local;
mod made;
mod names;
mod prune;
mod record;
mod source;
mod store;
mod target;
#[cfg(test)]
mod tests;
mod tree;
mod writer;

pub use blob::{Blob, Content, FileRange, Pieces, RangeReader};
pub use copy::{copy, copy_blobs};
pub use disks::{DiskBuild, DiskClaim, DiskEntry};
pub use error::Error;
pub use graph::{Graph, Node, select};
pub use layout::{Layout, LayoutFolder, LayoutTar, TarKind};
pub use leased::LeasedStore;
pub use local::{is_layout, is_tar, open};
pub use made::Made;
pub use prune::PrunePlan;
pub use record::{ImageRecord, Prebuilt};
pub use source::{Source, Wanted};
pub use store::{ImageStore, Lease};
pub use target::Target;
pub use writer::BlobWriter;
