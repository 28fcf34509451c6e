//! Files that survive: durable writes, staging, locks and folders that go with their process.
//!
//! The rule everywhere: content is staged, synced, renamed into place and its folder synced
//! before anything says that it exists. The crate knows paths and bytes; it never knows what
//! they mean.

mod durable;
mod error;
mod locked;
mod random;

pub use durable::{Durability, Staging, children, is_absent, optional};
pub use error::{Error, io, sys};
pub use locked::{LockedDir, LockedDirs, is_still_at, try_flock};
pub use random::random_hex;
