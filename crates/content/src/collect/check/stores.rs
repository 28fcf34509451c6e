//! The stores that are checked, and the options of a check.

use std::sync::Arc;
use std::time::Duration;

use crate::{BlobStore, Clock, Database};

/// The thoroughness of a check, and whether it repairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOptions {
    /// Whether blobs of the right size are taken as intact, without reading them.
    pub quick: bool,
    /// Whether damaged blobs are quarantined, good ones released, and unknown objects deleted.
    pub repair: bool,
    /// Age from which an unnamed object counts as unknown.
    pub orphan_age: Duration,
    /// Number of blobs that are read concurrently.
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
    /// A check over the stores of a registry.
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
