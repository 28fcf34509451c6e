//! Graces and pace of the collector.

use std::time::Duration;

/// Graces and pace of collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A blob that nothing names stays this long after its last push, mount or `HEAD`, and a
    /// manifest after its last push whatever the rules say. A client has this long from its
    /// first blob to its manifest.
    pub grace: Duration,
    /// An object stays this long after its blob went: readers that have just looked it up need
    /// this time to open it. On object stores, the longest download needs it, too.
    pub garbage_grace: Duration,
    /// An upload that nobody writes to is kept this long.
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
