//! Tests of collection as an operator sees it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use lazaret_content::collect::retention::Retention;
use lazaret_content::collect::{CollectionPlan, Planned, Report, Stage};
use lazaret_content::{
    Blob, BlobStore, BoxFuture, Error, ObjectWriter, Page, Staged, StoredObject, UploadId,
};
use lazaret_oci::Hasher;

use super::actors::{Task, digest, repository};
use super::world::{GARBAGE_GRACE, GRACE, World};

fn last_one() -> Retention {
    let rules = r#"[{"repositories": ["acme/r0"], "keep": {"last": 1},
                     "untagged": {"delete_after": "0s"}}]"#;
    serde_json::from_str(rules).unwrap()
}

fn push(blobs: &[usize], tag: usize) -> Task {
    Task::Push(0, blobs.iter().copied().collect(), Some(tag))
}

/// Two tags, of which the newer stays: blob 0 is in both, 1 in the older, 2 in the newer.
async fn two_tags() -> World {
    let world = World::new().await;
    world.perform(push(&[0, 1], 0)).await;
    world.clock.advance(Duration::from_secs(1));
    world.perform(push(&[0, 2], 1)).await;
    world.clock.advance(GRACE + Duration::from_secs(1));
    world
}

#[tokio::test]
async fn a_run_deletes_what_the_rules_say_and_frees_its_bytes() {
    let world = two_tags().await;
    let collector = world.collector(world.database.clone(), world.objects.clone(), last_one());
    let mut stages = BTreeSet::new();
    let first = collector
        .run(&mut |stage, _| {
            stages.insert(stage as u8);
        })
        .await
        .unwrap();
    let expected = Report {
        tags: 1,
        manifests: 1,
        links: 1,
        blobs: 1,
        bytes_condemned: super::actors::content(1).len() as u64,
        bytes_reclaimed: first.bytes_reclaimed,
        ..Report::default()
    };
    assert_eq!(first, expected);
    let all = [Stage::Uploads, Stage::Retention, Stage::Links, Stage::Blobs];
    assert_eq!(stages, all.map(|stage| stage as u8).into());
    assert_eq!(world.listed().await.len(), 3, "readers still have time");
    world.clock.advance(GARBAGE_GRACE + Duration::from_secs(1));
    let second = collector.run(&mut |_, _| {}).await.unwrap();
    assert_eq!(
        (second.objects, second.bytes_reclaimed),
        (1, first.bytes_condemned)
    );
    assert_eq!(world.blobs().await, [digest(0), digest(2)].into());
    assert_eq!(world.listed().await.len(), 2);
    let tags = world.database.tags(&repository(0), Page::default()).await;
    assert_eq!(tags.unwrap().unwrap().items, [super::actors::tag(1)]);
    let third = collector.run(&mut |_, _| {}).await.unwrap();
    assert_eq!(third, Report::default());
}

#[tokio::test]
async fn a_dry_run_says_what_a_run_does_and_changes_nothing() {
    let world = two_tags().await;
    world.perform(Task::Push(1, [3].into(), None)).await;
    world.perform(Task::Delete(1, [3].into())).await;
    world.clock.advance(GRACE + Duration::from_secs(1));
    let collector = world.collector(world.database.clone(), world.objects.clone(), last_one());
    let mut pieces = Vec::new();
    let mut note = |piece: Planned<'_>| {
        pieces.push(match piece {
            Planned::Tag(name, tag) => format!("tag {name}:{}", tag.tag),
            Planned::Manifest(name, manifest) => format!("manifest {name}: {}", manifest.reason),
            Planned::Link(link) => format!("link {} {}", link.repository, link.digest),
            Planned::Blob(blob) => format!("blob {}", blob.digest),
            Planned::Object(_) => "object".to_owned(),
        });
    };
    let plan = collector.plan(&mut note).await.unwrap();
    assert_eq!(
        pieces,
        [
            "tag acme/r0:t0".to_owned(),
            "manifest acme/r0: no tag or index names it".to_owned(),
            format!("link acme/r1 {}", digest(3)),
        ]
    );
    let expected = CollectionPlan {
        tags: 1,
        manifests: 1,
        manifest_bytes: plan.manifest_bytes,
        links: 1,
        ..CollectionPlan::default()
    };
    assert_eq!(plan, expected);
    assert_eq!(collector.plan(&mut |_| {}).await.unwrap(), plan);
    world.assert_promises().await;
    let report = collector.run(&mut |_, _| {}).await.unwrap();
    assert_eq!((report.tags, report.manifests), (1, 1));
    // One link of its own, one that the manifest had needed.
    assert_eq!((report.links, report.blobs), (2, 2));
    world.clock.advance(GARBAGE_GRACE + Duration::from_secs(1));
    let plan = collector.plan(&mut |_| {}).await.unwrap();
    assert_eq!(
        (plan.objects, plan.object_bytes),
        (2, report.bytes_condemned)
    );
}

#[tokio::test]
async fn what_was_asked_for_stays_for_the_grace() {
    let world = World::new().await;
    world.perform(push(&[0], 0)).await;
    world.perform(Task::Delete(0, [0].into())).await;
    let collector = world.collector(
        world.database.clone(),
        world.objects.clone(),
        Retention::default(),
    );
    world.clock.advance(GRACE - Duration::from_secs(1));
    let renewed = world.database.renew_blob(&repository(0), &digest(0)).await;
    assert!(renewed.unwrap());
    world.clock.advance(GRACE - Duration::from_secs(1));
    assert_eq!(
        collector.run(&mut |_, _| {}).await.unwrap(),
        Report::default()
    );
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(collector.run(&mut |_, _| {}).await.unwrap().blobs, 1);
}

/// A store with one object that cannot be deleted.
struct Stubborn {
    inner: Arc<dyn BlobStore>,
    object: UploadId,
}

impl BlobStore for Stubborn {
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> BoxFuture<'a, Result<Box<dyn ObjectWriter>, Error>> {
        self.inner.append(id, staged, hasher)
    }

    fn seal<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.inner.seal(id, staged)
    }

    fn open<'a>(
        &'a self,
        id: &'a UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>> {
        self.inner.open(id, size, range)
    }

    fn stat<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        self.inner.stat(id)
    }

    fn delete<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        if *id == self.object {
            let failure = Error::Object {
                action: "delete",
                id: id.clone(),
                source: "it is stubborn".into(),
            };
            return Box::pin(async { Err(failure) });
        }
        self.inner.delete(id, staged)
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a UploadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StoredObject>, Error>> {
        self.inner.list(after, limit)
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_deleted_holds_up_no_other() {
    let world = World::new().await;
    let blobs: BTreeSet<usize> = (0..10).collect();
    world.perform(Task::Push(0, blobs.clone(), None)).await;
    world.perform(Task::Delete(0, blobs)).await;
    world.clock.advance(GRACE + Duration::from_secs(1));
    let objects = Arc::new(Stubborn {
        inner: world.objects.clone(),
        object: world.listed().await.first().unwrap().clone(),
    });
    let rules = Retention::default();
    let collector = world.collector(world.database.clone(), objects, rules.clone());
    assert_eq!(collector.run(&mut |_, _| {}).await.unwrap().blobs, 10);
    world.clock.advance(GARBAGE_GRACE + Duration::from_secs(1));
    let mut done = Report::default();
    let failure = collector.run(&mut |_, report| done = *report).await;
    assert!(matches!(failure, Err(Error::Object { .. })), "{failure:?}");
    assert_eq!((done.objects, done.objects_failed), (9, 1));
    let collector = world.collector(world.database.clone(), world.objects.clone(), rules);
    assert_eq!(collector.run(&mut |_, _| {}).await.unwrap().objects, 1);
    assert_eq!(world.listed().await.len(), 0);
}
