//! The open folder of a store, shared by the modules of this crate.

use std::path::PathBuf;

use lazaret_files::Staging;

use crate::tree::BlobTree;

/// The root, blobs and staging area of an open store.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    pub(crate) blobs: BlobTree,
    pub(crate) staging: Staging,
}
