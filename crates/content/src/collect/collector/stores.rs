//! The stores of a collector, and its settings and rules.

use std::sync::Arc;
use std::time::SystemTime;

use lazaret_files::blocking;
use lazaret_oci::Repository;

use crate::collect::age;
use crate::collect::retention::{self, Plan, Retention, Rule};
use crate::collect::settings::Settings;
use crate::{BlobStore, Clock, Database, Error};

/// Repositories with more manifests than this are planned on a blocking thread.
const LARGE: usize = 4096;

/// Removes unneeded content from the stores of a registry.
pub struct Collector {
    pub(super) database: Arc<dyn Database>,
    pub(super) objects: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) retention: Retention,
}

impl Collector {
    /// Makes a collector. Any number may run over the same stores.
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

    /// Leases that were last renewed before this time have ended.
    pub(super) fn leases_before(&self) -> SystemTime {
        age::before(self.clock.now(), self.settings.grace)
    }

    /// Objects that became garbage before this time may be deleted.
    pub(super) fn garbage_before(&self) -> SystemTime {
        age::before(self.clock.now(), self.settings.garbage_grace)
    }

    /// The plan of the rule for a repository in its present state.
    pub(super) async fn weigh(&self, repository: &Repository, rule: &Rule) -> Result<Plan, Error> {
        let Some(contents) = self.database.contents(repository).await? else {
            return Ok(Plan::default());
        };
        let (now, grace) = (self.clock.now(), self.settings.grace);
        if contents.manifests.len().max(contents.tags.len()) <= LARGE {
            return Ok(retention::plan(&contents, rule, now, grace));
        }
        let rule = rule.clone();
        blocking(move || Ok(retention::plan(&contents, &rule, now, grace))).await
    }
}
