//! Files in a folder.

mod tree;

pub(crate) use tree::{BlobTree, children};
