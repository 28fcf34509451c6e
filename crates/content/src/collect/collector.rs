//! Collection: removes what retention and the lack of references say, beside everybody's work.
//!
//! ```text
//! uploads   nobody wrote for long                         -> object is garbage
//! retention rules, per repository                         -> tags and manifests deleted
//! links     no manifest there names the blob, lease over  -> link deleted
//! blobs     no link, lease over                           -> object is garbage
//! garbage   readers had time to finish                    -> object deleted, forgotten
//! ```
//!
//! Each change is a short transaction that checks its condition itself. So a run may be dropped
//! at any await, fail anywhere or go on in two replicas at once: what is left over is for the
//! next run, and nothing goes that somebody has come to need.

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
    /// Tells everything that a run would remove now, one by one to `each`, and in total. Changes
    /// nothing.
    ///
    /// Blobs that only the listed manifests name are not listed: whether they can go is known
    /// when these manifests are gone. Uploads are not listed either.
    ///
    /// # Errors
    /// Those of the metadata.
    pub async fn plan(
        &self,
        each: &mut (dyn FnMut(Planned<'_>) + Send),
    ) -> Result<CollectionPlan, Error> {
        dry::plan(self, each).await
    }

    /// Removes what can go now, and tells `progress` after each step what was done so far.
    ///
    /// # Errors
    /// Those of the metadata and the objects; what was done stays done. An object that cannot
    /// be deleted stays garbage for the next run, and is an error only after everything else
    /// was tried.
    pub async fn run(
        &self,
        progress: &mut (dyn FnMut(Stage, &Report) + Send + Sync),
    ) -> Result<Report, Error> {
        run::Run::new(self, progress).collect().await
    }
}
