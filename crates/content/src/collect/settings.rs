//! The settings of the collector.

use std::time::Duration;

/// Grace periods and pace of collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A blob that nothing names stays this long after its last push, mount or `HEAD`, and a
    /// manifest stays this long after its last push whatever the rules say. A client has this long
    /// from its first blob to its manifest.
    pub grace: Duration,
    /// An object stays this long after its blob was removed: readers that have just looked it up
    /// need this time to open it. On object stores, it must exceed the longest download.
    pub garbage_grace: Duration,
    /// An upload is kept this long after its last write.
    pub upload_idle: Duration,
    /// Most rows that one transaction changes.
    pub batch: usize,
    /// Longest time that a transaction should take; batches shrink until they keep to it.
    pub target: Duration,
    /// Length of a pause as a multiple of the work before it; 0 means no pauses.
    pub rest: u32,
    /// Number of objects that are deleted concurrently.
    pub parallel: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(24 * 3600),
            garbage_grace: Duration::from_secs(600),
            upload_idle: Duration::from_secs(24 * 3600),
            batch: 200,
            target: Duration::from_millis(5),
            rest: 2,
            parallel: 4,
        }
    }
}
