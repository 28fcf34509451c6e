//! Clients that use the stores as the registry does: each call of a store is one step.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lazaret_content::{
    BlobStore, Claim, Clock, Database, Error, NewManifest, Staged, Unlinked, UploadId,
    UploadSession,
};
use lazaret_oci::{Algorithm, Digest, Hasher, Repository, Tag};

use super::gated::{index, manifest, referrer};
use super::ledger::Ledger;
use super::world::{GARBAGE_GRACE, GRACE};

const LEASE: Duration = Duration::from_secs(60);

/// The task of an actor.
#[derive(Debug, Clone)]
pub(super) enum Task {
    /// Pushes blobs and a manifest; asks first which blobs exist.
    Push(usize, BTreeSet<usize>, Option<usize>),
    /// Does the same, mounting blobs from another repository.
    Mount(usize, usize, BTreeSet<usize>, Option<usize>),
    /// Pushes an index of the manifest of these blobs, after that manifest.
    Index(usize, BTreeSet<usize>, Option<usize>),
    /// Pushes a referrer of the manifest of these blobs.
    Refer(usize, BTreeSet<usize>),
    /// Deletes the manifest of these blobs.
    Delete(usize, BTreeSet<usize>),
    /// Deletes a tag.
    Untag(usize, usize),
    /// Removes a blob from a repository.
    Unlink(usize, usize),
    /// Reads a blob.
    Read(usize, usize),
}

/// A client with its view of the stores.
pub(super) struct Client {
    pub(super) database: Arc<dyn Database>,
    pub(super) objects: Arc<dyn BlobStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ledger: Arc<Ledger>,
}

pub(super) fn repository(number: usize) -> Repository {
    format!("acme/r{number}").parse().unwrap()
}

pub(super) fn tag(number: usize) -> Tag {
    format!("t{number}").parse().unwrap()
}

pub(super) fn content(number: usize) -> Bytes {
    format!("content of blob {number}")
        .repeat(number + 1)
        .into()
}

pub(super) fn digest(number: usize) -> Digest {
    Digest::of(&content(number))
}

fn digests(blobs: &BTreeSet<usize>) -> BTreeSet<Digest> {
    blobs.iter().map(|blob| digest(*blob)).collect()
}

impl Client {
    pub(super) async fn perform(self, task: Task) {
        match task {
            Task::Push(to, blobs, name) => {
                let manifest = manifest(&digests(&blobs), name.map(tag).into_iter().collect());
                self.push(to, None, &blobs, manifest).await;
            }
            Task::Mount(to, from, blobs, name) => {
                let manifest = manifest(&digests(&blobs), name.map(tag).into_iter().collect());
                self.push(to, Some(from), &blobs, manifest).await;
            }
            Task::Index(to, blobs, name) => {
                let child = manifest(&digests(&blobs), Vec::new());
                let index = index(&child.digest, name.map(tag).into_iter().collect());
                self.push(to, None, &blobs, child).await;
                self.push(to, None, &BTreeSet::new(), index).await;
            }
            Task::Refer(to, blobs) => {
                let subject = manifest(&digests(&blobs), Vec::new()).digest;
                let own = BTreeSet::from([0]);
                let referrer = referrer(&subject, &digests(&own));
                self.push(to, None, &own, referrer).await;
            }
            Task::Delete(from, blobs) => {
                let digest = manifest(&digests(&blobs), Vec::new()).digest;
                let name = repository(from);
                self.database
                    .delete_manifest(&name, &digest, &[])
                    .await
                    .unwrap();
                self.ledger.deleted(&name, &digest);
            }
            Task::Untag(from, name) => {
                let (from, name) = (repository(from), tag(name));
                self.database.delete_tag(&from, &name).await.unwrap();
                self.ledger.untagged(&from, &name);
            }
            Task::Unlink(from, blob) => {
                let (from, blob) = (repository(from), digest(blob));
                let done = self.database.unlink_blob(&from, &blob).await.unwrap();
                if done == Unlinked::Done {
                    self.ledger.unlinked(&from, &blob);
                }
            }
            Task::Read(from, blob) => self.read(from, blob).await,
        }
    }

    /// Pushes until it is acknowledged. Only a push that takes longer than the grace period, or
    /// whose blob is removed on purpose, has to be repeated.
    async fn push(
        &self,
        to: usize,
        from: Option<usize>,
        blobs: &BTreeSet<usize>,
        manifest: NewManifest,
    ) {
        let to = repository(to);
        for _ in 0..4 {
            let started = self.clock.now();
            for blob in blobs {
                self.ensure(&to, from, *blob).await;
            }
            match self.database.put_manifest(&to, manifest.clone()).await {
                Ok(()) => return self.ledger.acknowledged(&to, &manifest),
                Err(Error::Missing { digests }) => {
                    let unlinked = |blob| self.ledger.was_unlinked(&to, blob);
                    assert!(
                        self.past(started, GRACE) || digests.iter().all(unlinked),
                        "a blob was collected within the grace"
                    );
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn past(&self, since: SystemTime, time: Duration) -> bool {
        self.clock.now() >= since + time
    }

    /// Looks for a blob, otherwise mounts it, otherwise uploads it.
    async fn ensure(&self, to: &Repository, from: Option<usize>, blob: usize) {
        let wanted = digest(blob);
        if self.database.blob(to, &wanted).await.unwrap().is_some()
            && self.database.renew_blob(to, &wanted).await.unwrap()
        {
            return;
        }
        if let Some(from) = from {
            let mounted = self
                .database
                .mount_blob(to, &repository(from), &wanted, None)
                .await;
            if mounted.unwrap().is_some() {
                return;
            }
        }
        while let Err(error) = self.upload(to, content(blob)).await {
            let expected = matches!(
                error,
                Error::UploadUnknown { .. } | Error::UploadBusy { .. }
            );
            assert!(expected, "{error}");
        }
    }

    async fn upload(&self, to: &Repository, content: Bytes) -> Result<(), Error> {
        let session = UploadSession {
            id: UploadId::random(),
            repository: to.clone(),
            algorithm: Algorithm::Sha256,
            staged: Staged::default(),
        };
        let id = &session.id;
        self.database.begin_upload(&session).await?;
        let claim = Claim::random();
        let staged = self.database.claim_upload(id, &claim, LEASE).await?.staged;
        let hasher = Hasher::new(Algorithm::Sha256);
        let mut writer = self.objects.append(id, staged, Some(hasher)).await?;
        let size = content.len() as u64;
        writer.write(content).await?;
        let (staged, hasher) = writer.close().await?;
        let digest = hasher.unwrap().finish();
        self.objects.seal(id, &staged).await?;
        self.database
            .finish_upload(id, &claim, &digest, size, None)
            .await?;
        Ok(())
    }

    /// A reader that opens a blob soon after it was looked up gets it.
    async fn read(&self, from: usize, blob: usize) {
        let wanted = digest(blob);
        let found = self
            .database
            .blob(&repository(from), &wanted)
            .await
            .unwrap();
        let Some(stored) = found else {
            return;
        };
        let found = self.clock.now();
        let open = self.objects.open(&stored.object, stored.size, None).await;
        match open.unwrap() {
            Some(blob) => assert_eq!(Digest::of(&blob.read(u64::MAX).await.unwrap()), wanted),
            None => assert!(
                self.past(found, GARBAGE_GRACE),
                "an object went while a reader was about to open it"
            ),
        }
    }
}
