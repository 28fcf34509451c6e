//! The report of a run.

use serde::Serialize;

/// Counts of everything that a run has removed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Number of uploads that were idle for too long.
    pub uploads_expired: u64,
    /// Number of tags.
    pub tags: u64,
    /// Number of manifests.
    pub manifests: u64,
    /// Number of links of blobs to repositories.
    pub links: u64,
    /// Number of blobs that were in no repository any more.
    pub blobs: u64,
    /// Size of those blobs in bytes, which is freed when their objects are deleted.
    pub bytes_condemned: u64,
    /// Number of objects that were deleted.
    pub objects: u64,
    /// Size of the deleted objects and manifests in bytes.
    pub bytes_reclaimed: u64,
    /// Number of objects that could not be deleted and stay garbage.
    pub objects_failed: u64,
}

/// A stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Idle uploads are expired.
    Uploads,
    /// Tags and manifests are deleted by the rules.
    Retention,
    /// Unneeded blobs are unlinked from repositories.
    Links,
    /// Blobs that are in no repository become garbage.
    Blobs,
    /// Objects are deleted.
    Garbage,
}
