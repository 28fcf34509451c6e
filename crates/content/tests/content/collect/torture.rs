//! Runs pushers of overlapping layers, a deleter, readers and two collectors, all at once and in
//! real time, for `LAZARET_TORTURE_SECONDS` seconds; a few seconds without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lazaret_content::collect::retention::Retention;
use lazaret_content::collect::{Collector, Report, Settings};
use lazaret_content::{
    BlobStore, Claim, Database, Durability, Error, FileObjects, ManifestSelector, NewManifest,
    Page, SqlMetadata, Staged, SystemClock, UploadId, UploadSession,
};
use lazaret_oci::{Algorithm, Digest, Hasher, Repository};

use super::gated::manifest;

const PUSHERS: u64 = 8;
const REPOSITORIES: u64 = 4;
const LAYERS: u64 = 48;
/// Manifests that are left alone, so that there is always something to lose.
const LEFT: usize = 8;
const LEASE: Duration = Duration::from_secs(60);
/// Short, so that blobs are removed while clients are about to name them.
const GRACE: Duration = Duration::from_millis(60);
/// Long enough for a reader on a slow machine, because the promise to readers is tested.
const GARBAGE_GRACE: Duration = Duration::from_millis(3000);

/// Length of the run in seconds.
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
pub(super) fn seconds() -> Option<u64> {
    std::env::var("LAZARET_TORTURE_SECONDS").ok()?.parse().ok()
}

/// Acknowledged manifests that no client has begun to delete.
type Promises = BTreeMap<(Repository, Digest), Vec<Digest>>;

struct Arena {
    database: Arc<dyn Database>,
    objects: Arc<dyn BlobStore>,
    promises: Mutex<Promises>,
    pushes: Mutex<Vec<Duration>>,
    again: AtomicU64,
    stop: AtomicBool,
    _root: tempfile::TempDir,
}

/// A small pseudo-random generator, reproducible by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn repository(number: u64) -> Repository {
    format!("acme/r{number}").parse().unwrap()
}

/// A layer of a few bytes to some hundred thousand.
fn layer(number: u64) -> Bytes {
    format!("layer {number} ").repeat(1 << (number % 16)).into()
}

impl Arena {
    async fn new() -> Arc<Self> {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("registry.db");
        let clock = Arc::new(SystemClock);
        // Without syncs more happens at once; with them it is realistic.
        let durability = match seconds() {
            Some(_) => Durability::Synced,
            None => Durability::Ephemeral,
        };
        let database = SqlMetadata::sqlite(&path, durability, clock).await;
        let objects = FileObjects::open(root.path(), durability).unwrap();
        Arc::new(Self {
            database: Arc::new(database.unwrap()),
            objects: Arc::new(objects),
            promises: Mutex::default(),
            pushes: Mutex::default(),
            again: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            _root: root,
        })
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn collector(&self) -> Collector {
        let settings = Settings {
            grace: GRACE,
            garbage_grace: GARBAGE_GRACE,
            upload_idle: LEASE,
            ..Settings::default()
        };
        let (database, objects) = (self.database.clone(), self.objects.clone());
        let retention = Retention::default();
        Collector::new(
            database,
            objects,
            Arc::new(SystemClock),
            settings,
            retention,
        )
    }

    async fn push(&self, dice: &mut Dice, name: &str) {
        let to = repository(dice.roll(REPOSITORIES));
        let from = repository(dice.roll(REPOSITORIES));
        let layers: BTreeSet<u64> = (0..=dice.roll(5)).map(|_| dice.roll(LAYERS)).collect();
        let digests = layers.iter().map(|number| Digest::of(&layer(*number)));
        let mut manifest = manifest(&digests.collect(), vec![name.parse().unwrap()]);
        // Each manifest is unique, so that it is clear what a deletion deletes.
        manifest.bytes = format!("{name} {}", String::from_utf8_lossy(&manifest.bytes)).into();
        manifest.digest = Digest::of(&manifest.bytes);
        while self.goes_on() {
            let started = Instant::now();
            for number in &layers {
                self.ensure(&to, &from, layer(*number), dice).await;
            }
            match self.database.put_manifest(&to, manifest.clone()).await {
                Ok(()) => {
                    lock(&self.pushes).push(started.elapsed());
                    return self.promise(&to, manifest);
                }
                Err(Error::Missing { .. }) => {
                    self.again.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    fn promise(&self, repository: &Repository, manifest: NewManifest) {
        let key = (repository.clone(), manifest.digest);
        lock(&self.promises).insert(key, manifest.blobs);
    }

    async fn ensure(&self, to: &Repository, from: &Repository, content: Bytes, dice: &mut Dice) {
        let digest = Digest::of(&content);
        let database = &self.database;
        if database.blob(to, &digest).await.unwrap().is_some()
            && database.renew_blob(to, &digest).await.unwrap()
        {
            return;
        }
        if dice.roll(2) == 0 {
            let mounted = database.mount_blob(to, from, &digest, None).await;
            if mounted.unwrap().is_some() {
                return;
            }
        }
        let session = UploadSession {
            id: UploadId::random(),
            repository: to.clone(),
            algorithm: Algorithm::Sha256,
            staged: Staged::default(),
        };
        let (id, claim) = (&session.id, Claim::random());
        database.begin_upload(&session).await.unwrap();
        let claimed = database.claim_upload(id, &claim, LEASE).await.unwrap();
        let hasher = Some(Hasher::new(Algorithm::Sha256));
        let append = self.objects.append(id, claimed.staged, hasher);
        let mut writer = append.await.unwrap();
        let size = content.len() as u64;
        writer.write(content).await.unwrap();
        let (staged, _) = writer.close().await.unwrap();
        self.objects.seal(id, &staged).await.unwrap();
        let finished = database.finish_upload(id, &claim, &digest, size, None);
        finished.await.unwrap();
    }

    /// A random promise.
    fn pick(&self, dice: &mut Dice) -> Option<(Repository, Digest)> {
        let promises = lock(&self.promises);
        let at = dice.roll(promises.len().max(1) as u64);
        let at = usize::try_from(at).unwrap();
        promises.keys().nth(at).cloned()
    }

    async fn delete(&self, dice: &mut Dice) {
        if lock(&self.promises).len() > LEFT
            && let Some(key) = self.pick(dice)
        {
            lock(&self.promises).remove(&key);
            let gone = self.database.delete_manifest(&key.0, &key.1, &[]).await;
            assert!(gone.unwrap());
        }
        // Blobs in use stay, so this does no lasting harm.
        let blob = Digest::of(&layer(dice.roll(LAYERS)));
        let from = repository(dice.roll(REPOSITORIES));
        self.database.unlink_blob(&from, &blob).await.unwrap();
    }

    /// Reads a promised manifest with its blobs, unless it is deleted meanwhile.
    async fn verify(&self, key: &(Repository, Digest)) {
        let promised = || lock(&self.promises).get(key).cloned();
        let Some(blobs) = promised() else { return };
        let selector = ManifestSelector::Digest(key.1.clone());
        let found = self.database.manifest(&key.0, &selector).await.unwrap();
        assert!(
            found.is_some() || promised().is_none(),
            "a manifest is gone"
        );
        for blob in blobs {
            let stored = self.database.blob(&key.0, &blob).await.unwrap();
            let Some(stored) = stored else {
                assert!(promised().is_none(), "a blob of a manifest is gone");
                return;
            };
            let looked_up = Instant::now();
            let open = self.objects.open(&stored.object, stored.size, None).await;
            let Some(content) = open.unwrap() else {
                let late = looked_up.elapsed() > GARBAGE_GRACE;
                assert!(late, "an object went while a reader was about to open it");
                continue;
            };
            let content = content.read(u64::MAX).await.unwrap();
            assert_eq!(Digest::of(&content), blob);
        }
    }

    /// Percentiles of the pushes since the last call, as text.
    fn pushes(&self) -> String {
        let mut pushes = std::mem::take(&mut *lock(&self.pushes));
        pushes.sort();
        let at = |part: usize| pushes.get(pushes.len() * part / 100).copied();
        let (middle, late) = (at(50).unwrap_or_default(), at(99).unwrap_or_default());
        format!("{} pushes, p50 {middle:?}, p99 {late:?}", pushes.len())
    }

    async fn blobs(&self) -> BTreeSet<Digest> {
        let listing = self.database.blobs(Page::default()).await.unwrap();
        listing
            .items
            .into_iter()
            .map(|(digest, _)| digest)
            .collect()
    }

    /// Collects everything after all grace periods; returns the number of objects that are left.
    async fn settle(&self) -> usize {
        let collector = self.collector();
        tokio::time::sleep(GRACE * 2).await;
        collector.run(&mut |_, _| {}).await.unwrap();
        tokio::time::sleep(GARBAGE_GRACE + Duration::from_millis(100)).await;
        collector.run(&mut |_, _| {}).await.unwrap();
        self.objects.list(None, 100_000).await.unwrap().len()
    }
}

fn add(total: &mut Report, report: &Report) {
    total.links += report.links;
    total.blobs += report.blobs;
    total.objects += report.objects;
    total.bytes_reclaimed += report.bytes_reclaimed;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn collection_beside_pushers_loses_nothing_and_frees_the_rest() {
    let length = Duration::from_secs(seconds().unwrap_or(4));
    let arena = Arena::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for pusher in 0..PUSHERS {
        let arena = arena.clone();
        tasks.spawn(async move {
            let mut dice = Dice(pusher);
            for push in 0_u64.. {
                if !arena.goes_on() {
                    return;
                }
                arena.push(&mut dice, &format!("p{pusher}-{push}")).await;
                // Otherwise every layer is soon in use somewhere, and none can be removed.
                while lock(&arena.promises).len() > 2 * LEFT && arena.goes_on() {
                    arena.delete(&mut dice).await;
                }
            }
        });
    }
    let (deleter, reader) = (arena.clone(), arena.clone());
    tasks.spawn(async move {
        let mut dice = Dice(100);
        while deleter.goes_on() {
            deleter.delete(&mut dice).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    });
    tasks.spawn(async move {
        let mut dice = Dice(200);
        while reader.goes_on() {
            if let Some(key) = reader.pick(&mut dice) {
                reader.verify(&key).await;
            }
            tokio::task::yield_now().await;
        }
    });
    tokio::time::sleep(length / 3).await;
    let idle = arena.pushes();
    let total = Arc::new(Mutex::new(Report::default()));
    for _ in 0..2 {
        let (arena, total) = (arena.clone(), total.clone());
        tasks.spawn(async move {
            let collector = arena.collector();
            while arena.goes_on() {
                let report = collector.run(&mut |_, _| {}).await.unwrap();
                add(&mut lock(&total), &report);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
    tokio::time::sleep(length * 2 / 3).await;
    // A slow machine gets more time to have something to collect.
    let slow = Instant::now() + Duration::from_secs(60);
    while lock(&total).blobs == 0 && Instant::now() < slow {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let busy = arena.pushes();
    arena.stop.store(true, Ordering::SeqCst);
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let total = *lock(&total);
    let again = arena.again.load(Ordering::SeqCst);
    println!(
        "without collection: {idle}\nwith collection: {busy}, {again} pushed again\n{total:?}"
    );
    assert!(
        total.objects > 0,
        "nothing was collected while others pushed"
    );

    let promises = lock(&arena.promises).clone();
    assert!(!promises.is_empty());
    let objects = arena.settle().await;
    for key in promises.keys() {
        arena.verify(key).await;
    }
    let needed: BTreeSet<Digest> = promises.values().flatten().cloned().collect();
    assert_eq!(arena.blobs().await, needed);
    assert_eq!(objects, needed.len());
    lock(&arena.promises).clear();
    for (repository, digest) in promises.into_keys() {
        let gone = arena
            .database
            .delete_manifest(&repository, &digest, &[])
            .await;
        assert!(gone.unwrap());
    }
    assert_eq!(arena.settle().await, 0);
    assert!(arena.blobs().await.is_empty());
}
