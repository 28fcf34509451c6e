//! The plan of a run: totals and items, without changing anything.

use lazaret_oci::Repository;
use serde::Serialize;

use super::stores::Collector;
use crate::collect::retention::{ManifestDeletion, TagDeletion};
use crate::{Error, Garbage, Page, UnusedBlob, UnusedLink};

/// Rows that are read at a time.
const PAGE: usize = 1000;
/// Most garbage that is looked at; it cannot be read in pages.
const MOST_GARBAGE: usize = 100_000;

/// Totals of everything that a run would remove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CollectionPlan {
    /// Number of tags.
    pub tags: u64,
    /// Number of manifests.
    pub manifests: u64,
    /// Size of these manifests in bytes, without their blobs.
    pub manifest_bytes: u64,
    /// Number of links of blobs to repositories.
    pub links: u64,
    /// Number of blobs that are in no repository.
    pub blobs: u64,
    /// Size of these blobs in bytes.
    pub blob_bytes: u64,
    /// Number of objects to delete.
    pub objects: u64,
    /// Size of these objects in bytes.
    pub object_bytes: u64,
    /// Whether there are more objects to delete than were counted.
    pub more_objects: bool,
}

/// One item that a run would remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned<'a> {
    /// A tag that the rules delete.
    Tag(&'a Repository, &'a TagDeletion),
    /// A manifest that the rules delete.
    Manifest(&'a Repository, &'a ManifestDeletion),
    /// A link of a blob to a repository.
    Link(&'a UnusedLink),
    /// A blob that is in no repository.
    Blob(&'a UnusedBlob),
    /// An object to delete.
    Object(&'a Garbage),
}

pub(super) async fn plan(
    collector: &Collector,
    each: &mut (dyn FnMut(Planned<'_>) + Send),
) -> Result<CollectionPlan, Error> {
    let mut totals = CollectionPlan::default();
    retention(collector, each, &mut totals).await?;
    unused(collector, each, &mut totals).await?;
    let garbage = collector
        .database
        .garbage(collector.garbage_before(), MOST_GARBAGE)
        .await?;
    totals.more_objects = garbage.len() == MOST_GARBAGE;
    for garbage in &garbage {
        totals.objects += 1;
        totals.object_bytes += garbage.staged.size;
        each(Planned::Object(garbage));
    }
    Ok(totals)
}

async fn retention(
    collector: &Collector,
    each: &mut (dyn FnMut(Planned<'_>) + Send),
    totals: &mut CollectionPlan,
) -> Result<(), Error> {
    if collector.retention.rules.is_empty() {
        return Ok(());
    }
    let mut last = None;
    loop {
        let page = Page {
            last,
            limit: Some(PAGE),
        };
        let listing = collector.database.all_repositories(page).await?;
        for repository in &listing.items {
            let Some(rule) = collector.retention.rule(repository) else {
                continue;
            };
            let plan = collector.weigh(repository, rule).await?;
            totals.tags += plan.tags.len() as u64;
            totals.manifests += plan.manifests.len() as u64;
            totals.manifest_bytes += plan.bytes;
            for tag in &plan.tags {
                each(Planned::Tag(repository, tag));
            }
            for manifest in &plan.manifests {
                each(Planned::Manifest(repository, manifest));
            }
        }
        match listing.items.last() {
            Some(name) if listing.more => last = Some(name.to_string()),
            _ => return Ok(()),
        }
    }
}

async fn unused(
    collector: &Collector,
    each: &mut (dyn FnMut(Planned<'_>) + Send),
    totals: &mut CollectionPlan,
) -> Result<(), Error> {
    let database = &collector.database;
    let before = collector.leases_before();
    let mut last = None;
    loop {
        let links = database.unused_links(before, last.as_ref(), PAGE).await?;
        totals.links += links.len() as u64;
        links.iter().for_each(|link| each(Planned::Link(link)));
        last = links.into_iter().next_back();
        if last.is_none() {
            break;
        }
    }
    let mut last = None;
    loop {
        let blobs = database.unused_blobs(before, last.as_ref(), PAGE).await?;
        totals.blobs += blobs.len() as u64;
        for blob in &blobs {
            totals.blob_bytes += blob.size;
            each(Planned::Blob(blob));
        }
        last = blobs.into_iter().next_back().map(|blob| blob.digest);
        if last.is_none() {
            return Ok(());
        }
    }
}
