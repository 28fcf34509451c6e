//! The volumes of a user: disks that outlive machines.
//!
//! ```text
//! <data>/volumes/
//!     .lock                   held while machines are given volumes, and volumes are removed
//!     .unfinished/            volumes that are being made
//!     <name>/                 flock: exclusive of one writer, shared by readers
//!         volume.json         what it is                                  `record`
//!         disk.ext4           an ext4 with a journal, sparse
//! ```
//! The lock of a volume is held by the holders of the machines that have it attached, and so ends
//! with them. This module knows no machines: callers say which volumes they use.

mod claim;
mod name;
mod record;
mod store;

pub(crate) use claim::Claim;
pub use name::is_volume_name;
pub use record::Volume;
pub(crate) use store::{NewVolume, Volumes};
