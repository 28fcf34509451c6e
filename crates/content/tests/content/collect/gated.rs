//! Stores whose every operation waits for its turn, so that a test decides the order.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use lazaret_content::{
    ApiKey, ApiKeys, Blob, BlobStore, BoxFuture, Claim, Collection, Database, Error, Event,
    Finished, Garbage, Listing, ManifestSelector, Metadata, Mirrored, MirroredManifest,
    NewManifest, ObjectWriter, OpenUploads, Outbox, Page, Referrer, RepositoryContents, Staged,
    StoredBlob, StoredManifest, StoredObject, Unlinked, UnusedBlob, UnusedLink, UploadId,
    UploadSession, UpstreamAnswer,
};
use lazaret_oci::{Descriptor, Digest, Hasher, Repository, Tag};
use lazaret_values::Pattern;
use tokio::sync::Semaphore;

use super::ledger::Ledger;

/// The gate at which an actor waits for its turn.
pub(super) struct Gate {
    turns: Semaphore,
    waiting: AtomicBool,
    passed: AtomicUsize,
}

impl Gate {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            turns: Semaphore::new(0),
            waiting: AtomicBool::new(false),
            passed: AtomicUsize::new(0),
        })
    }

    /// Gives one turn; returns the number of turns so far.
    pub(super) fn open(&self) -> usize {
        self.turns.add_permits(1);
        self.passed.load(Ordering::SeqCst) + 1
    }

    /// Whether the actor waits for a turn after `passed` turns.
    pub(super) fn waits_after(&self, passed: usize) -> bool {
        self.waiting.load(Ordering::SeqCst) && self.passed.load(Ordering::SeqCst) == passed
    }

    async fn pass(&self) {
        self.waiting.store(true, Ordering::SeqCst);
        self.turns.acquire().await.unwrap().forget();
        self.passed.fetch_add(1, Ordering::SeqCst);
        self.waiting.store(false, Ordering::SeqCst);
    }
}

/// A deliberate mistake in the collector, to show that the tests find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    /// Links are removed although their leases last.
    IgnoresLeases,
    /// Objects are deleted although readers have just looked them up.
    IgnoresReaders,
    /// Manifests are deleted by an outdated decision, without checking it again.
    IgnoresTags,
}

/// One actor's view of the database.
pub(super) struct Gated {
    pub(super) inner: Arc<dyn Database>,
    pub(super) gate: Arc<Gate>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) mistake: Mistake,
}

impl Gated {
    fn time(&self, before: SystemTime, mistake: Mistake) -> SystemTime {
        if self.mistake == mistake {
            before + Duration::from_secs(1_000_000)
        } else {
            before
        }
    }
}

macro_rules! gated {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        fn $name<'a>(&'a self, $($argument: $type),*) -> BoxFuture<'a, Result<$result, Error>> {
            Box::pin(async move {
                self.gate.pass().await;
                self.inner.$name($($argument),*).await
            })
        }
    )*};
}

impl Metadata for Gated {
    gated! {
        fn put_manifest(repository: &'a Repository, manifest: NewManifest) -> ();
        fn manifest(repository: &'a Repository, selector: &'a ManifestSelector) -> Option<StoredManifest>;
        fn delete_manifest(repository: &'a Repository, digest: &'a Digest, immutable: &'a [Pattern]) -> bool;
        fn delete_tag(repository: &'a Repository, tag: &'a Tag) -> bool;
        fn tags(repository: &'a Repository, page: Page) -> Option<Listing<Tag>>;
        fn repositories(page: Page) -> Listing<Repository>;
        fn referrers(repository: &'a Repository, subject: &'a Digest, kind: Option<&'a str>, page: Page) -> Listing<Descriptor>;
        fn blob(repository: &'a Repository, digest: &'a Digest) -> Option<StoredBlob>;
        fn renew_blob(repository: &'a Repository, digest: &'a Digest) -> bool;
        fn repositories_with(digest: &'a Digest, limit: usize) -> Vec<Repository>;
        fn mount_blob(to: &'a Repository, from: &'a Repository, digest: &'a Digest, quota: Option<u64>) -> Option<StoredBlob>;
        fn unlink_blob(repository: &'a Repository, digest: &'a Digest) -> Unlinked;
        fn begin_upload(session: &'a UploadSession) -> ();
        fn open_uploads(repository: &'a Repository, most: u64) -> OpenUploads;
        fn upload(id: &'a UploadId) -> Option<UploadSession>;
        fn claim_upload(id: &'a UploadId, claim: &'a Claim, lease: Duration) -> UploadSession;
        fn renew_claim(id: &'a UploadId, claim: &'a Claim, lease: Duration) -> bool;
        fn reserve_upload(id: &'a UploadId, claim: &'a Claim, size: u64, quota: u64) -> ();
        fn release_upload(id: &'a UploadId, claim: &'a Claim, staged: &'a Staged) -> ();
        fn finish_upload(id: &'a UploadId, claim: &'a Claim, digest: &'a Digest, size: u64, quota: Option<u64>) -> Finished;
        fn discard_upload(id: &'a UploadId, claim: &'a Claim) -> bool;
        fn expire_uploads(idle: Duration) -> u64;
        fn empty_since() -> Option<SystemTime>;
        fn serves_blobs() -> bool;
        fn room() -> ();
        fn ping() -> ();
    }
}

impl Collection for Gated {
    gated! {
        fn contents(repository: &'a Repository) -> Option<RepositoryContents>;
        fn all_repositories(page: Page) -> Listing<Repository>;
        fn unused_blobs(before: SystemTime, after: Option<&'a Digest>, limit: usize) -> Vec<UnusedBlob>;
        fn condemn_blobs(blobs: &'a [UnusedBlob], before: SystemTime) -> Vec<UnusedBlob>;
        fn forget_garbage(objects: &'a [UploadId]) -> ();
        fn blobs(page: Page) -> Listing<(Digest, StoredBlob)>;
        fn quarantine(digest: &'a Digest, object: &'a UploadId) -> bool;
        fn release(digest: &'a Digest) -> bool;
        fn unknown_objects(objects: &'a [UploadId]) -> Vec<UploadId>;
    }

    fn delete_tag_of<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            self.gate.pass().await;
            let gone = self.inner.delete_tag_of(repository, tag, digest).await?;
            if gone {
                self.ledger.expired(repository, tag, digest);
            }
            Ok(gone)
        })
    }

    fn delete_untagged<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        pushed: SystemTime,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            self.gate.pass().await;
            let gone = if self.mistake == Mistake::IgnoresTags {
                self.inner.delete_manifest(repository, digest, &[]).await?
            } else {
                let inner = &self.inner;
                inner.delete_untagged(repository, digest, pushed).await?
            };
            if gone {
                self.ledger.collected(repository, digest);
            }
            Ok(gone)
        })
    }

    fn unused_links<'a>(
        &'a self,
        before: SystemTime,
        after: Option<&'a UnusedLink>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<UnusedLink>, Error>> {
        Box::pin(async move {
            self.gate.pass().await;
            let before = self.time(before, Mistake::IgnoresLeases);
            self.inner.unused_links(before, after, limit).await
        })
    }

    fn drop_links<'a>(
        &'a self,
        links: &'a [UnusedLink],
        before: SystemTime,
    ) -> BoxFuture<'a, Result<u64, Error>> {
        Box::pin(async move {
            self.gate.pass().await;
            let before = self.time(before, Mistake::IgnoresLeases);
            self.inner.drop_links(links, before).await
        })
    }

    fn garbage<'a>(
        &'a self,
        before: SystemTime,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Garbage>, Error>> {
        Box::pin(async move {
            self.gate.pass().await;
            let before = self.time(before, Mistake::IgnoresReaders);
            self.inner.garbage(before, limit).await
        })
    }
}

impl ApiKeys for Gated {
    gated! {
        fn put_key(key: &'a ApiKey) -> ();
        fn key(id: &'a str) -> Option<ApiKey>;
        fn keys() -> Vec<ApiKey>;
        fn delete_key(id: &'a str) -> bool;
    }
}

impl Outbox for Gated {
    gated! {
        fn enqueue(event: &'a Event) -> ();
        fn take_events(target: &'a str, now: SystemTime, retry: SystemTime, limit: usize) -> Vec<Event>;
        fn delivered(id: &'a str) -> ();
        fn waiting() -> u64;
    }
}

impl Mirrored for Gated {
    gated! {
        fn put_mirrored(repository: &'a Repository, manifest: NewManifest) -> ();
        fn missing_size(repository: &'a Repository, digest: &'a Digest) -> Option<u64>;
        fn finish_mirrored(repository: &'a Repository, id: &'a UploadId, claim: &'a Claim, digest: &'a Digest, size: u64) -> Finished;
        fn upstream_answer(repository: &'a Repository, reference: &'a str) -> Option<UpstreamAnswer>;
        fn record_answer(repository: &'a Repository, reference: &'a str, found: bool) -> ();
        fn forget_absent(before: SystemTime) -> u64;
        fn record_use(repository: &'a Repository, digest: &'a Digest) -> ();
        fn least_used(limit: usize) -> Vec<MirroredManifest>;
        fn mirrored(page: Page) -> Listing<MirroredManifest>;
        fn bytes_below(prefix: &'a str) -> u64;
        fn evict(repository: &'a Repository, digest: &'a Digest, unused_since: SystemTime) -> bool;
        fn claim_fill(repository: &'a Repository, digest: &'a Digest, claim: &'a Claim, lease: Duration) -> bool;
        fn release_fill(repository: &'a Repository, digest: &'a Digest, claim: &'a Claim) -> ();
    }
}

/// One actor's view of the objects.
pub(super) struct GatedObjects {
    pub(super) inner: Arc<dyn BlobStore>,
    pub(super) gate: Arc<Gate>,
}

impl BlobStore for GatedObjects {
    gated! {
        fn append(id: &'a UploadId, staged: Staged, hasher: Option<Hasher>) -> Box<dyn ObjectWriter>;
        fn seal(id: &'a UploadId, staged: &'a Staged) -> ();
        fn open(id: &'a UploadId, size: u64, range: Option<Range<u64>>) -> Option<Blob>;
        fn stat(id: &'a UploadId) -> Option<u64>;
        fn delete(id: &'a UploadId, staged: &'a Staged) -> ();
        fn list(after: Option<&'a UploadId>, limit: usize) -> Vec<StoredObject>;
    }
}

/// A manifest over blobs, as a client would make it.
pub(super) fn manifest(blobs: &BTreeSet<Digest>, tags: Vec<Tag>) -> NewManifest {
    let entry = |digest: &Digest| format!(r#"{{"digest":"{digest}"}}"#);
    let entries: Vec<String> = blobs.iter().map(entry).collect();
    let text = format!(r#"{{"schemaVersion":2,"layers":[{}]}}"#, entries.join(","));
    new(
        text,
        tags,
        blobs.iter().cloned().collect(),
        Vec::new(),
        None,
    )
}

/// An index of one manifest.
pub(super) fn index(child: &Digest, tags: Vec<Tag>) -> NewManifest {
    let text = format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{child}"}}]}}"#);
    new(text, tags, Vec::new(), vec![child.clone()], None)
}

/// A manifest that refers to another.
pub(super) fn referrer(subject: &Digest, blobs: &BTreeSet<Digest>) -> NewManifest {
    let mut manifest = manifest(blobs, Vec::new());
    let text = format!(
        r#"{{"subject":{{"digest":"{subject}"}},{}"#,
        &String::from_utf8_lossy(&manifest.bytes)[1..]
    );
    manifest = new(text, Vec::new(), manifest.blobs, Vec::new(), Some(subject));
    manifest
}

fn new(
    text: String,
    tags: Vec<Tag>,
    blobs: Vec<Digest>,
    manifests: Vec<Digest>,
    subject: Option<&Digest>,
) -> NewManifest {
    let media_type = lazaret_oci::media_type::MANIFEST;
    NewManifest {
        digest: Digest::of(text.as_bytes()),
        media_type: media_type.to_owned(),
        referrer: subject.map(|subject| Referrer {
            subject: subject.clone(),
            descriptor: Descriptor::of(media_type, text.as_bytes()),
        }),
        bytes: text.into(),
        tags,
        blobs,
        manifests,
        sizes: Vec::new(),
        needs_manifests: false,
        tags_are_immutable: false,
        quota: None,
    }
}
