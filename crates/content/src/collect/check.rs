//! The check: whether everything that the metadata names exists and is intact.
//!
//! ```text
//! blobs       object there, of the right size, and (unless quick) of the right digest
//! references  manifests have their digests, their blobs are served, tags point to manifests
//! objects     every one is named by a blob, an upload or as garbage
//! ```
//!
//! It may run while the registry is in use: each fault is looked at a second time, so that content
//! that was deleted meanwhile is not reported. It keeps a page of rows, one repository's references
//! and one chunk for each reader in memory.

mod blobs;
mod finding;
mod journal;
mod objects;
mod references;
mod stores;

pub use finding::{Action, CheckEvent, CheckSummary, Fault, Finding};
pub use stores::{Check, CheckOptions};

use journal::Journal;

use crate::Error;

impl Check {
    /// Checks everything, and reports findings and progress as they come.
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
