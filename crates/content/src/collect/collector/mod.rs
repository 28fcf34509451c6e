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

pub use dry::{CollectionPlan, Planned};
pub use report::{Report, Stage};

use std::sync::Arc;
use std::time::SystemTime;

use lazaret_oci::Repository;

use super::retention::{self, Plan, Retention, Rule};
use super::{Settings, age};
use crate::{BlobStore, Clock, Database, Error};

/// Contents with more manifests than this are weighed on a thread of their own.
const LARGE: usize = 4096;

/// Removes what nobody needs.
pub struct Collector {
    database: Arc<dyn Database>,
    objects: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    retention: Retention,
}

impl Collector {
    /// A collector. Any number may run over the same stores.
    #[must_use]
    pub fn new(
        database: Arc<dyn Database>,
        objects: Arc<dyn BlobStore>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        retention: Retention,
    ) -> Self {
        Self {
            database,
            objects,
            clock,
            settings,
            retention,
        }
    }

    /// What a run would remove now, piece by piece to `each`, and in total. Changes nothing.
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

    /// When what now is past its time had its last push, mount or question.
    fn leases_before(&self) -> SystemTime {
        age::before(self.clock.now(), self.settings.grace)
    }

    /// When what may now be deleted became garbage.
    fn garbage_before(&self) -> SystemTime {
        age::before(self.clock.now(), self.settings.garbage_grace)
    }

    /// What the rule says about a repository as it is now.
    async fn weigh(&self, repository: &Repository, rule: &Rule) -> Result<Plan, Error> {
        let Some(contents) = self.database.contents(repository).await? else {
            return Ok(Plan::default());
        };
        let (now, grace) = (self.clock.now(), self.settings.grace);
        if contents.manifests.len().max(contents.tags.len()) <= LARGE {
            return Ok(retention::plan(&contents, rule, now, grace));
        }
        let rule = rule.clone();
        tokio::task::spawn_blocking(move || retention::plan(&contents, &rule, now, grace))
            .await
            .map_err(|_| Error::Stopped)
    }
}
