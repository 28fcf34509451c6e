//! The content and metadata of a registry, behind two ports.
//!
//! [`BlobStore`] stores content as objects. [`Database`] stores what the objects mean: blobs,
//! manifests, tags, uploads. Adapters of the first are in `objects` (files, S3, Google, Azure), of
//! the second in `sql` (SQLite, PostgreSQL). `collect` removes unneeded content and checks the
//! rest.
//!
//! The crate knows no HTTP requests of clients and no users: `registry` and `auth`, which use it,
//! do. Images of a client machine are in `images`.

mod blob;
mod blobs;
mod clock;
pub mod collect;
mod error;
mod metadata;
mod objects;
mod reserve;
mod sql;
mod upload;

pub use blob::{Blob, Chunks};
pub use blobs::{BlobStore, BoxFuture, ObjectWriter, Presign, Staged, StoredObject};
pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use lazaret_files::Durability;
pub use metadata::{
    ApiKey, ApiKeys, Claim, Collection, Database, Event, Finished, Garbage, Listing,
    ManifestSelector, ManifestSummary, Metadata, Mirrored, MirroredManifest, NewManifest,
    OpenUploads, Outbox, Page, Referrer, RepositoryContents, StoredBlob, StoredManifest,
    TagSummary, Unlinked, UnusedBlob, UnusedLink, UploadSession, UpstreamAnswer,
};
#[doc(hidden)]
pub use objects::fuzzing;
pub use objects::{CloudObjects, CloudOptions, FileObjects};
pub use sql::SqlMetadata;
pub use upload::{UploadId, UploadIdError};
