//! The folder of a store, which everything in this crate shares.

use std::path::PathBuf;

use lazaret_files::Staging;

use crate::tree::BlobTree;

/// An open store.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    pub(crate) blobs: BlobTree,
    pub(crate) staging: Staging,
}
