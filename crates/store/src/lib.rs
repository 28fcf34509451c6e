//! Content-addressed blobs, registry metadata and the image store of a client machine.
//!
//! Two ports, [`BlobStore`] and [`Metadata`], are what a registry needs to be durable; the
//! adapters [`FsBlobs`] and [`FsMetadata`] keep both in one folder. [`ImageStore`] is the
//! local cache of images and disks, and [`LockedDirs`] gives any process a scratch folder
//! that the next one cleans up if it dies.
//!
//! The rule everywhere: content is staged, synced, renamed into place and its folder synced
//! before anything says that it exists.

mod blob;
mod blobs;
#[cfg(test)]
mod conformance;
mod durable;
mod error;
mod fs;
mod images;
mod locked;
mod metadata;
mod upload;

pub use blob::{Blob, Chunks};
pub use blobs::{BlobStore, BoxFuture, UploadWriter};
pub use durable::Durability;
pub use error::Error;
pub use fs::{FsBlobs, FsMetadata};
pub use images::{
    BlobWriter, DiskBuild, DiskClaim, DiskEntry, ImageRecord, ImageStore, Lease, PrunePlan,
};
pub use locked::{LockedDir, LockedDirs};
pub use metadata::{
    Listing, ManifestSelector, Metadata, NewManifest, Page, Referrer, StoredManifest, UploadSession,
};
pub use upload::UploadId;
