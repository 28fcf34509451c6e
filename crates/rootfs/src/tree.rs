//! The tree that layers are applied to, in memory, with the semantics of the image
//! specification ("Image Layer Filesystem Changeset").
//!
//! - A whiteout hides what lower layers have, never what its own layer has, wherever it stands in
//!   the layer; so does an opaque marker for a whole directory.
//! - A directory over a directory replaces its attributes. In every other clash, the old object is
//!   removed and the new one added. The last of two entries for one name wins.
//! - Names are resolved inside the root: symbolic links among the parents are followed in the
//!   tree as it stands at that point of the layer, absolute targets start at the root and `..`
//!   stops there. The last component is never followed. Missing parents are made.
//! - A hard link's target must exist at that point of the image.
//!
//! Every operation is linear in the length of its path; hiding is linear in the number of hidden
//! nodes. Walks are iterative, so depth costs no stack.

mod add;
mod arena;
mod fault;
mod hide;
mod node;
mod order;
mod resolve;
#[cfg(test)]
mod tests;

pub(crate) use add::SYMLINK_MAX;
pub(crate) use arena::Tree;
pub use node::{Attributes, Timestamp};
pub(crate) use node::{DIRECTORY, Extent, Kind, Node, NodeId, device_fits, encode_device};
pub(crate) use order::Order;
