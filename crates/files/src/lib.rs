//! Handles files that must survive a crash: durable writes, staging, locks, and folders that are
//! removed with their process.
//!
//! One rule holds everywhere: content is staged, synced and renamed into place, and its folder is
//! synced, before anything says that it exists. The crate handles paths and bytes and never knows
//! what they mean. The stores of `images`, `content` and `vm` and the folders of `supervisor` build
//! on it.

mod absent;
mod beneath;
mod blocking;
mod bounded;
mod duplicate;
mod durable;
mod error;
mod locked;
mod new_file;
mod own_dir;
mod random;
mod regular;
mod room;
mod staging;
mod target;

pub use absent::{children, is_absent, optional};
pub use beneath::{Beneath, NewBeneath};
pub use blocking::{Stopped, blocking};
pub use bounded::{Bounded, unpacked_limit};
pub use duplicate::{copy_range, duplicate};
pub use durable::Durability;
pub use error::{Error, io, sys};
pub use locked::{LockedDir, LockedDirs, is_still_at, lock_folder, try_flock};
pub use new_file::{NewFile, add, check_output, replace};
pub use own_dir::OwnDir;
pub use random::random_hex;
pub use regular::{open_regular, read_regular, read_regular_text};
pub use room::free_bytes;
pub use staging::Staging;
pub use target::follow_links;
