//! The stores of a registry, with a clock that a test moves.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lazaret_content::collect::retention::Retention;
use lazaret_content::collect::{Collector, Report, Settings};
use lazaret_content::{
    BlobStore, Clock, CloudObjects, Database, Durability, FileObjects, ManifestSelector, Page,
    SqlMetadata, UploadId,
};
use lazaret_oci::{Digest, Repository};

use super::actors::{Client, Task};
use super::ledger::Ledger;

pub(super) const GRACE: Duration = Duration::from_secs(100);
pub(super) const GARBAGE_GRACE: Duration = Duration::from_secs(10);
pub(super) const UPLOAD_IDLE: Duration = Duration::from_secs(36_000);

/// A clock that moves only when it is told to.
pub(super) struct VirtualClock(Mutex<SystemTime>);

impl VirtualClock {
    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stores, and the promises about them.
pub(super) struct World {
    pub(super) root: tempfile::TempDir,
    pub(super) clock: Arc<VirtualClock>,
    pub(super) database: Arc<dyn Database>,
    pub(super) objects: Arc<dyn BlobStore>,
    pub(super) ledger: Arc<Ledger>,
}

impl World {
    /// With objects in memory.
    pub(super) async fn new() -> Self {
        Self::over(|_| Arc::new(CloudObjects::in_memory())).await
    }

    /// With objects in files.
    pub(super) async fn with_files() -> Self {
        let files = |root: &Path| FileObjects::open(root, Durability::Ephemeral).unwrap();
        Self::over(|root| Arc::new(files(root))).await
    }

    async fn over(objects: impl FnOnce(&Path) -> Arc<dyn BlobStore>) -> Self {
        // Many small databases come and go: keep them in memory if there is such a folder.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let root = root.unwrap();
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let clock = Arc::new(VirtualClock(Mutex::new(start)));
        let path = root.path().join("registry.db");
        let database = SqlMetadata::sqlite(&path, Durability::Ephemeral, clock.clone());
        Self {
            database: Arc::new(database.await.unwrap()),
            objects: objects(root.path()),
            ledger: Ledger::new(clock.clone()),
            clock,
            root,
        }
    }

    /// Lets a client perform a task.
    pub(super) async fn perform(&self, task: Task) {
        let client = Client {
            database: self.database.clone(),
            objects: self.objects.clone(),
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
        };
        client.perform(task).await;
    }

    /// A collector without pauses over these stores, or views of them.
    pub(super) fn collector(
        &self,
        database: Arc<dyn Database>,
        objects: Arc<dyn BlobStore>,
        retention: Retention,
    ) -> Collector {
        let settings = Settings {
            grace: GRACE,
            garbage_grace: GARBAGE_GRACE,
            upload_idle: UPLOAD_IDLE,
            batch: 3,
            target: Duration::MAX,
            rest: 0,
            parallel: 1,
        };
        Collector::new(database, objects, self.clock.clone(), settings, retention)
    }

    /// Collects everything that can be removed once all grace periods are over.
    pub(super) async fn collect_all(&self) -> Report {
        let (database, objects) = (self.database.clone(), self.objects.clone());
        let collector = self.collector(database, objects, Retention::default());
        self.clock.advance(UPLOAD_IDLE + GRACE);
        collector.run(&mut |_, _| {}).await.unwrap();
        self.clock.advance(GARBAGE_GRACE * 2);
        collector.run(&mut |_, _| {}).await.unwrap()
    }

    /// Checks that every promise is kept now.
    pub(super) async fn assert_promises(&self) {
        for ((repository, digest), promise) in self.ledger.manifests() {
            let selector = ManifestSelector::Digest(digest.clone());
            let manifest = self
                .database
                .manifest(&repository, &selector)
                .await
                .unwrap();
            let manifest = manifest.expect("an acknowledged manifest is gone");
            assert_eq!(Digest::of(&manifest.bytes), digest);
            for blob in &promise.blobs {
                let content = self.read(&repository, blob).await;
                let content = content.expect("a blob of an acknowledged manifest is gone");
                assert_eq!(Digest::of(&content), *blob);
            }
        }
        for ((repository, tag), digest) in self.ledger.tags() {
            let selector = ManifestSelector::Tag(tag);
            let manifest = self
                .database
                .manifest(&repository, &selector)
                .await
                .unwrap();
            assert_eq!(manifest.expect("a tag is gone").digest, digest);
        }
    }

    pub(super) async fn read(&self, repository: &Repository, blob: &Digest) -> Option<Vec<u8>> {
        let stored = self.database.blob(repository, blob).await.unwrap()?;
        let open = self.objects.open(&stored.object, stored.size, None).await;
        let content = open.unwrap()?.read(u64::MAX).await.unwrap();
        Some(content.to_vec())
    }

    /// The objects in the store.
    pub(super) async fn listed(&self) -> BTreeSet<UploadId> {
        let objects = self.objects.list(None, 100_000).await.unwrap();
        objects.into_iter().map(|object| object.id).collect()
    }

    /// The blobs in the metadata.
    pub(super) async fn blobs(&self) -> BTreeSet<Digest> {
        let listing = self.database.blobs(Page::default()).await.unwrap();
        listing
            .items
            .into_iter()
            .map(|(digest, _)| digest)
            .collect()
    }

    /// After all grace periods, exactly the promised content is left; without promises, nothing.
    pub(super) async fn assert_nothing_is_left_over(&self) {
        self.collect_all().await;
        self.assert_promises().await;
        let needed = |world: &Self| -> BTreeSet<Digest> {
            let promises = world.ledger.manifests().into_values();
            promises.flat_map(|promise| promise.blobs).collect()
        };
        assert_eq!(self.blobs().await, needed(self));
        assert_eq!(self.listed().await.len(), needed(self).len());
        for (repository, digest) in self.ledger.manifests().into_keys() {
            let gone = self
                .database
                .delete_manifest(&repository, &digest, &[])
                .await;
            assert!(gone.unwrap());
            self.ledger.deleted(&repository, &digest);
        }
        self.collect_all().await;
        assert!(self.blobs().await.is_empty(), "blobs are left over");
        assert!(self.listed().await.is_empty(), "objects are left over");
    }
}
