//! The check: whether everything that the metadata names is there and right.
//!
//! ```text
//! blobs       object there, of the right size, and (unless quick) of the right digest
//! references  manifests have their digests, their blobs are served, tags point to manifests
//! objects     every one is named by a blob, an upload or as garbage
//! ```
//!
//! It may run beside everything else: what looks wrong is looked at again, so that what was
//! deleted meanwhile is no finding. It keeps a page of rows, one repository's references and
//! one chunk a reader in memory.

mod blobs;
mod finding;
mod objects;
mod references;

pub use finding::{Action, CheckEvent, CheckSummary, Fault, Finding};

use std::sync::Arc;
use std::time::Duration;

use crate::{BlobStore, Clock, Database, Error};

/// Rows that are read at once.
const PAGE: usize = 200;

/// What is checked, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOptions {
    /// Whether content is taken for good when it has the right size.
    pub quick: bool,
    /// Whether damaged blobs are quarantined, good ones released, and unknown objects deleted.
    pub repair: bool,
    /// How long an object must have been left alone to count as unknown.
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
    database: Arc<dyn Database>,
    objects: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
    options: CheckOptions,
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

    /// Checks everything, and tells findings and progress as they come.
    ///
    /// # Errors
    /// Those of the metadata, and of listing and deleting objects. A blob that cannot be read
    /// is a finding.
    pub async fn run(
        &self,
        events: &mut (dyn FnMut(CheckEvent<'_>) + Send),
    ) -> Result<CheckSummary, Error> {
        let mut journal = Journal {
            events,
            summary: CheckSummary::default(),
        };
        blobs::check(self, &mut journal).await?;
        references::check(self, &mut journal).await?;
        objects::check(self, &mut journal).await?;
        Ok(journal.summary)
    }
}

/// Where findings and progress go.
struct Journal<'a> {
    events: &'a mut (dyn FnMut(CheckEvent<'_>) + Send),
    summary: CheckSummary,
}

impl Journal<'_> {
    fn finding(&mut self, finding: &Finding) {
        if finding.fault.is_note() {
            self.summary.notes += 1;
        } else {
            self.summary.faults += 1;
        }
        if finding.action != Action::None {
            self.summary.repaired += 1;
        }
        (self.events)(CheckEvent::Finding(finding));
    }

    fn progress(&mut self) {
        (self.events)(CheckEvent::Progress(&self.summary));
    }
}
