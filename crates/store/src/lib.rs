//! Content-addressed blobs, registry metadata and the image store of a client machine.
//!
//! Two ports, [`BlobStore`] for content and [`Database`] for what it means, are what a registry
//! needs to be durable. [`ImageStore`] is the local cache of images and disks, and
//! [`LockedDirs`] gives any process a scratch folder that the next one cleans up if it dies.
//!
//! The rule everywhere: content is staged, synced, renamed into place and its folder synced
//! before anything says that it exists.

mod blob;
mod blobs;
mod clock;
pub mod collect;
mod durable;
mod error;
mod fs;
mod images;
mod locked;
mod metadata;
mod objects;
mod sql;
mod upload;

#[cfg(test)]
mod conformance;

pub use blob::{Blob, Chunks};
pub use blobs::{BlobStore, BoxFuture, ObjectWriter, Presign, Staged, StoredObject};
pub use clock::{Clock, SystemClock};
pub use durable::Durability;
pub use error::Error;
pub use images::{
    BlobWriter, DiskBuild, DiskClaim, DiskEntry, ImageRecord, ImageStore, Lease, Prebuilt,
    PrunePlan,
};
pub use locked::{LockedDir, LockedDirs};
pub use metadata::{
    ApiKey, ApiKeys, Claim, Collection, Database, Event, Finished, Garbage, Listing,
    ManifestSelector, ManifestSummary, Metadata, NewManifest, Outbox, Page, Referrer,
    RepositoryContents, StoredBlob, StoredManifest, TagSummary, Unlinked, UnusedBlob, UnusedLink,
    UploadSession,
};
#[doc(hidden)]
pub use objects::fuzzing;
pub use objects::{CloudObjects, CloudOptions, FileObjects};
pub use sql::SqlMetadata;
pub use upload::UploadId;
