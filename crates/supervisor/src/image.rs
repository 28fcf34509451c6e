//! Images in the local store: import, listing, removal, and their sources.

pub(crate) mod convert;
mod document;
mod folder;
mod import;
mod list;
mod name;
mod open;
mod summary;

pub(crate) use document::{check_platform, config, manifest, other_platform};
pub use list::{ImageDetails, RemovedImage};
pub(crate) use name::local_name;
pub(crate) use open::without_platform;
pub use summary::Image;
