//! The stores that are checked, and how thoroughly.

use std::sync::Arc;
use std::time::Duration;

use crate::{BlobStore, Clock, Database};

/// Thoroughness of a check, and whether it repairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOptions {
    /// Whether content is taken for good when it has the right size.
    pub quick: bool,
    /// Whether damaged blobs are quarantined, good ones released, and unknown objects deleted.
    pub repair: bool,
    /// An object counts as unknown only after it was left alone for this long.
    pub orphan_age: Duration,
    /// Blobs that are read at once.
    pub parallel: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            quick: false,
            repair: false,
            orphan_age: Duration::from_secs(24 * 3600),
            parallel: 2,
        }
    }
}

/// Compares metadata and objects.
pub struct Check {
    pub(super) database: Arc<dyn Database>,
    pub(super) objects: Arc<dyn BlobStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: CheckOptions,
}

impl Check {
    /// A check of a registry's stores.
    #[must_use]
    pub fn new(
        database: Arc<dyn Database>,
        objects: Arc<dyn BlobStore>,
        clock: Arc<dyn Clock>,
        options: CheckOptions,
    ) -> Self {
        Self {
            database,
            objects,
            clock,
            options,
        }
    }
}
