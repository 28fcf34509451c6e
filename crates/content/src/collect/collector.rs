//! Collection: removes content by the retention rules and unreferenced content, while clients work.
//!
//! ```text
//! uploads   not written to for a long time                -> object is garbage
//! retention rules, per repository                         -> tags and manifests deleted
//! links     no manifest there names the blob, lease over  -> link deleted
//! blobs     no link, lease over                           -> object is garbage
//! garbage   readers had time to finish                    -> object deleted, forgotten
//! ```
//!
//! Each change is a short transaction that checks its own condition. So a run may be dropped
//! at any await, fail anywhere, or happen in two replicas at once: the next run does the rest, and
//! content that has come into use again is never removed.

mod dry;
mod pace;
mod report;
mod run;
mod stores;

pub use dry::{CollectionPlan, Planned};
pub use report::{Report, Stage};
pub use stores::Collector;

use crate::Error;

impl Collector {
    /// Reports everything that a run would remove now, item by item to `each`, and returns totals.
    /// It changes nothing.
    ///
    /// Blobs that only the listed manifests name are not listed: whether they can be removed is
    /// known only after these manifests are gone. Uploads are not listed either.
    ///
    /// # Errors
    /// Those of the metadata.
    pub async fn plan(
        &self,
        each: &mut (dyn FnMut(Planned<'_>) + Send),
    ) -> Result<CollectionPlan, Error> {
        dry::plan(self, each).await
    }

    /// Removes everything that can be removed now, and reports totals to `progress` after each
    /// step.
    ///
    /// # Errors
    /// Those of the metadata and the objects; changes so far stay. An object that cannot
    /// be deleted stays garbage for the next run, and is an error only after everything else
    /// was tried.
    pub async fn run(
        &self,
        progress: &mut (dyn FnMut(Stage, &Report) + Send + Sync),
    ) -> Result<Report, Error> {
        run::Run::new(self, progress).collect().await
    }
}
