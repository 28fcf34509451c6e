//! The checkpoints of a user: machines that were saved while they ran.
//!
//! ```text
//! <data>/checkpoints/
//!     .unfinished/            checkpoints that are being made, and forks
//!     <name>/                 flock: shared while a machine is made from it
//!         checkpoint.json     what it is, written last                    `record`
//!         memory/             memory and devices, as a template has them
//!         disks/              the disks: further names of read-only ones, copies of others
//! ```
//! A checkpoint is written once and never changed. Machines that began from it have names or copies of
//! the disks of their own, and have its memory mapped, so that it can be removed at any time.

mod record;
mod store;

pub use record::Checkpoint;
pub(crate) use store::Checkpoints;
