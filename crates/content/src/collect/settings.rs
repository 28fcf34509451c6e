//! How the collector goes about it.

use std::time::Duration;

/// Graces and pace of collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a blob that nothing names stays after its last push, mount or `HEAD`, and a
    /// manifest after its last push whatever the rules say. A client has this long from its
    /// first blob to its manifest.
    pub grace: Duration,
    /// How long an object stays after its blob went: what readers that have just looked it up
    /// need to open it. On object stores, also what the longest download takes.
    pub garbage_grace: Duration,
    /// How long an upload that nobody writes to is kept.
    pub upload_idle: Duration,
    /// Rows that one transaction changes at most.
    pub batch: usize,
    /// Time that a transaction should take at most; batches shrink until they do.
    pub target: Duration,
    /// Pauses are this many times as long as what was done before them; 0 means none.
    pub rest: u32,
    /// Objects that are deleted at once.
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
