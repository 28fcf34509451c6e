//! Images and disks on a client machine.
//!
//! ```text
//! blobs/<algorithm>/<2 hex>/<hex>   layers, configurations, manifests, indexes
//! images/<readable>-<hash>.json     one record a name
//! disks/<key>                       converted disks
//! disks/<key>.lock                  flock while one is built
//! lock                              flock: shared by pulls and builds, exclusive for prune
//! scratch/                          unpublished files of live processes
//! ```
//!
//! All calls block: use them from a thread that may.

mod disks;
mod error;
mod folder;
mod prune;
mod record;
mod store;
#[cfg(test)]
mod tests;
mod tree;
mod writer;

pub use disks::{DiskBuild, DiskClaim, DiskEntry};
pub use error::Error;
pub use prune::PrunePlan;
pub use record::{ImageRecord, Prebuilt};
pub use store::{ImageStore, Lease};
pub use writer::BlobWriter;
