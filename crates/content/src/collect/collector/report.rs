//! The account of a run.

use serde::Serialize;

/// Counts of everything that a run removed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Uploads that nobody wrote to any more.
    pub uploads_expired: u64,
    /// Tags.
    pub tags: u64,
    /// Manifests.
    pub manifests: u64,
    /// Links of blobs to repositories.
    pub links: u64,
    /// Blobs that no repository had any more.
    pub blobs: u64,
    /// Bytes of those blobs, which become free when their objects go.
    pub bytes_condemned: u64,
    /// Objects that were deleted.
    pub objects: u64,
    /// Bytes that the deleted objects and manifests held.
    pub bytes_reclaimed: u64,
    /// Objects that could not be deleted and stay garbage.
    pub objects_failed: u64,
}

/// A stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Idle uploads are expired.
    Uploads,
    /// Tags and manifests go by the rules.
    Retention,
    /// Blobs leave the repositories that do not need them.
    Links,
    /// Blobs that are in no repository go.
    Blobs,
    /// Objects are deleted.
    Garbage,
}
