//! The content and metadata of a registry.
//!
//! Two ports, [`BlobStore`] for content and [`Database`] for what it means, are what a registry
//! needs to be durable. Adapters of the first are in `objects` (files, S3, Google, Azure), of the
//! second in `sql` (SQLite, PostgreSQL); `collect` removes what nothing needs any more. The
//! crate knows no HTTP and no users; images of a client machine are in `lazaret-images`.

mod blob;
mod blobs;
mod clock;
pub mod collect;
mod error;
mod metadata;
mod objects;
mod sql;
mod upload;

pub use blob::{Blob, Chunks};
pub use blobs::{BlobStore, BoxFuture, ObjectWriter, Presign, Staged, StoredObject};
pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use lazaret_files::Durability;
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
pub use upload::{UploadId, UploadIdError};
