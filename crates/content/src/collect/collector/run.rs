//! Executes one run.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};
use lazaret_oci::Repository;

use super::pace::Pace;
use super::report::{Report, Stage};
use super::stores::Collector;
use crate::collect::retention::Rule;
use crate::{Error, Garbage, Page, UploadId};

/// Failed deletions after which a run gives up.
const FAILURES: usize = 1000;

pub(super) struct Run<'a> {
    collector: &'a Collector,
    progress: &'a mut (dyn FnMut(Stage, &Report) + Send + Sync),
    pace: Pace,
    report: Report,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        collector: &'a Collector,
        progress: &'a mut (dyn FnMut(Stage, &Report) + Send + Sync),
    ) -> Self {
        Self {
            collector,
            progress,
            pace: Pace::new(&collector.settings),
            report: Report::default(),
        }
    }

    pub(super) async fn collect(mut self) -> Result<Report, Error> {
        self.uploads().await?;
        self.retention().await?;
        self.links().await?;
        self.blobs().await?;
        self.garbage().await?;
        Ok(self.report)
    }

    /// Reports progress and pauses.
    async fn step(&mut self, stage: Stage) {
        (self.progress)(stage, &self.report);
        self.pace.rest().await;
    }

    async fn uploads(&mut self) -> Result<(), Error> {
        let Collector {
            database, settings, ..
        } = self.collector;
        self.pace.start();
        self.report.uploads_expired = database.expire_uploads(settings.upload_idle).await?;
        self.step(Stage::Uploads).await;
        Ok(())
    }

    async fn retention(&mut self) -> Result<(), Error> {
        let collector = self.collector;
        if collector.retention.rules.is_empty() {
            return Ok(());
        }
        let mut last = None;
        loop {
            let page = Page {
                last,
                limit: Some(collector.settings.batch.max(1)),
            };
            let listing = collector.database.all_repositories(page).await?;
            for repository in &listing.items {
                if let Some(rule) = collector.retention.rule(repository) {
                    self.repository(repository, rule).await?;
                }
            }
            match listing.items.last() {
                Some(name) if listing.more => last = Some(name.to_string()),
                _ => return Ok(()),
            }
        }
    }

    async fn repository(&mut self, repository: &Repository, rule: &Rule) -> Result<(), Error> {
        let database = &self.collector.database;
        self.pace.start();
        let plan = self.collector.weigh(repository, rule).await?;
        self.pace.rest().await;
        for tag in &plan.tags {
            let gone = database
                .delete_tag_of(repository, &tag.tag, &tag.digest)
                .await?;
            self.report.tags += u64::from(gone);
            self.step(Stage::Retention).await;
        }
        for manifest in &plan.manifests {
            // Refused if something has come to hold the manifest: a tag, an index or its subject.
            let gone = database
                .delete_untagged(repository, &manifest.digest, manifest.pushed)
                .await?;
            if gone {
                self.report.manifests += 1;
                self.report.bytes_reclaimed += manifest.size;
            }
            self.step(Stage::Retention).await;
        }
        Ok(())
    }

    async fn links(&mut self) -> Result<(), Error> {
        let database = &self.collector.database;
        let before = self.collector.leases_before();
        let mut last = None;
        loop {
            let limit = self.pace.batch();
            let links = database.unused_links(before, last.as_ref(), limit).await?;
            if links.is_empty() {
                return Ok(());
            }
            self.pace.start();
            self.report.links += database.drop_links(&links, before).await?;
            self.pace.adapt(links.len());
            self.step(Stage::Links).await;
            last = links.into_iter().next_back();
        }
    }

    async fn blobs(&mut self) -> Result<(), Error> {
        let database = &self.collector.database;
        let before = self.collector.leases_before();
        let mut last = None;
        loop {
            let limit = self.pace.batch();
            let blobs = database.unused_blobs(before, last.as_ref(), limit).await?;
            if blobs.is_empty() {
                return Ok(());
            }
            self.pace.start();
            for blob in database.condemn_blobs(&blobs, before).await? {
                self.report.blobs += 1;
                self.report.bytes_condemned += blob.size;
            }
            self.pace.adapt(blobs.len());
            self.step(Stage::Blobs).await;
            last = blobs.into_iter().next_back().map(|blob| blob.digest);
        }
    }

    async fn garbage(&mut self) -> Result<(), Error> {
        let database = &self.collector.database;
        let before = self.collector.garbage_before();
        let mut failed: HashSet<UploadId> = HashSet::new();
        let mut failure = None;
        loop {
            let limit = self.collector.settings.batch.max(1) + failed.len();
            let mut due = database.garbage(before, limit).await?;
            due.retain(|garbage| !failed.contains(&garbage.object));
            if due.is_empty() || failed.len() > FAILURES {
                return failure.map_or(Ok(()), Err);
            }
            // The pace limits the load on the database: objects are deleted a few at a time.
            let mut gone = Vec::new();
            for (garbage, outcome) in delete_objects(self.collector, due).await {
                match outcome {
                    Ok(()) => {
                        self.report.objects += 1;
                        self.report.bytes_reclaimed += garbage.staged.size;
                        gone.push(garbage.object);
                    }
                    Err(error) => {
                        self.report.objects_failed += 1;
                        failed.insert(garbage.object);
                        failure = failure.or(Some(error));
                    }
                }
            }
            self.pace.start();
            if !gone.is_empty() {
                database.forget_garbage(&gone).await?;
            }
            self.step(Stage::Garbage).await;
        }
    }
}

async fn delete_objects(
    collector: &Collector,
    due: Vec<Garbage>,
) -> Vec<(Garbage, Result<(), Error>)> {
    let deletions = due.into_iter().map(|garbage| async move {
        let deletion = collector.objects.delete(&garbage.object, &garbage.staged);
        let outcome = deletion.await;
        (garbage, outcome)
    });
    let parallel = collector.settings.parallel.max(1);
    stream::iter(deletions)
        .buffer_unordered(parallel)
        .collect()
        .await
}
