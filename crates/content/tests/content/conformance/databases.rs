//! The databases on which the suites run, and their common set-up. The suites use only
//! the ports.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lazaret_content::{
    Claim, Clock, Database, Durability, Error, Finished, ManifestSelector, NewManifest,
    SqlMetadata, Staged, StoredManifest, UploadId, UploadSession,
};
use lazaret_oci::{Algorithm, Digest, Repository, Tag, media_type};

/// Runs a suite on each database.
macro_rules! on_every_database {
    ($suite:ident: $($test:ident)*) => {$(
        mod $test {
            use super::super::$suite;
            use crate::conformance::databases::Place;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $suite::$test(&Place::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn ephemeral_sqlite() {
                $suite::$test(&Place::ephemeral_sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $suite::$test(&Place::postgres()).await;
            }
        }
    )*};
}
pub(crate) use on_every_database;

/// A database as one replica opens it.
pub(crate) type Replica = Arc<dyn Database>;

/// A clock that stands still until it is moved.
pub(crate) struct TestClock(Mutex<SystemTime>);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// Name of the file of an SQLite database: one that has to be escaped in a URL.
const FILE: &str = "meta data.sqlite";

/// The place of a suite's database.
pub(crate) struct Place {
    kind: Kind,
    pub(crate) clock: Arc<TestClock>,
}

enum Kind {
    Sqlite(tempfile::TempDir, Durability),
    Postgres(String),
}

impl Place {
    fn new(kind: Kind) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let clock = Arc::new(TestClock(Mutex::new(now)));
        Self { kind, clock }
    }

    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::new(Kind::Sqlite(folder, Durability::Synced))
    }

    pub(crate) fn ephemeral_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::new(Kind::Sqlite(folder, Durability::Ephemeral))
    }

    pub(crate) fn postgres() -> Self {
        Self::new(Kind::Postgres(lazaret_testing::postgres::database()))
    }

    /// Opens the database; a further call opens it once more.
    pub(crate) async fn open(&self) -> Replica {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(&self) -> Result<Replica, Error> {
        let clock = self.clock.clone();
        let opened = match &self.kind {
            Kind::Sqlite(folder, durability) => {
                let path = folder.path().join(FILE);
                SqlMetadata::sqlite(&path, *durability, clock).await
            }
            Kind::Postgres(url) => SqlMetadata::postgres(url, 8, clock).await,
        };
        Ok(Arc::new(opened?))
    }

    /// The URL of the database, for a test's own connection.
    pub(super) fn url(&self) -> String {
        match &self.kind {
            Kind::Sqlite(folder, _) => {
                let path = folder.path().join(FILE);
                format!("sqlite:{}", path.display()).replace(' ', "%20")
            }
            Kind::Postgres(url) => url.clone(),
        }
    }

    /// Three replicas; for SQLite, the same file opened three times.
    pub(crate) async fn replicas(&self) -> Vec<Replica> {
        vec![self.open().await, self.open().await, self.open().await]
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// A time later than everything that has happened so far.
    pub(crate) fn later(&self) -> SystemTime {
        self.now() + Duration::from_millis(1)
    }
}

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

pub(crate) fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

/// A manifest that names nothing.
pub(crate) fn manifest(content: &str, tags: &[&str]) -> NewManifest {
    NewManifest {
        digest: Digest::of(content.as_bytes()),
        media_type: media_type::MANIFEST.to_owned(),
        bytes: content.as_bytes().to_vec().into(),
        tags: tags.iter().map(|name| tag(name)).collect(),
        referrer: None,
        blobs: Vec::new(),
        manifests: Vec::new(),
        sizes: Vec::new(),
        needs_manifests: false,
        tags_are_immutable: false,
        quota: None,
    }
}

pub(crate) fn manifest_of(content: &str, tags: &[&str], blobs: &[&Digest]) -> NewManifest {
    NewManifest {
        blobs: blobs.iter().map(|&digest| digest.clone()).collect(),
        ..manifest(content, tags)
    }
}

pub(crate) async fn by_tag(db: &Replica, name: &str, wanted: &str) -> Option<StoredManifest> {
    let selector = ManifestSelector::Tag(tag(wanted));
    db.manifest(&repository(name), &selector).await.unwrap()
}

pub(crate) async fn by_digest(db: &Replica, name: &str, digest: &Digest) -> Option<StoredManifest> {
    let selector = ManifestSelector::Digest(digest.clone());
    db.manifest(&repository(name), &selector).await.unwrap()
}

/// An upload that is claimed.
pub(crate) async fn claimed(db: &Replica, name: &str) -> (UploadId, Claim) {
    let session = UploadSession {
        id: UploadId::random(),
        repository: repository(name),
        algorithm: Algorithm::Sha256,
        staged: Staged::default(),
    };
    db.begin_upload(&session).await.unwrap();
    let claim = Claim::random();
    db.claim_upload(&session.id, &claim, LEASE).await.unwrap();
    (session.id, claim)
}

/// Pushes a blob; returns its digest and the object that was uploaded.
pub(crate) async fn push(db: &Replica, name: &str, content: &str) -> (Digest, UploadId) {
    let (digest, object, _) = push_finished(db, name, content).await;
    (digest, object)
}

pub(crate) async fn push_finished(
    db: &Replica,
    name: &str,
    content: &str,
) -> (Digest, UploadId, Finished) {
    let digest = Digest::of(content.as_bytes());
    let (id, claim) = claimed(db, name).await;
    let size = content.len() as u64;
    let finished = db.finish_upload(&id, &claim, &digest, size, None).await;
    (digest, id, finished.unwrap())
}
