//! Puts a verified blob into the registry's content, and keeps replicas from fetching the same.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lazaret_content::{BlobStore, Chunks, Claim, Database, Staged, UploadId, UploadSession};
use lazaret_files::{blocking, io};

use super::partial::{Key, Partial};
use crate::Error;

/// How long a claim holds without being renewed: a replica that died is taken over then.
const LEASE: Duration = Duration::from_secs(30);
/// Longest wait for another replica that fetches the same; then this one does, too.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between looks for what another replica has stored.
const LOOK: Duration = Duration::from_millis(250);
/// Bytes that are copied at once.
const PIECE: usize = 1024 * 1024;

/// The registry's content, where mirrored blobs are stored.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) objects: Arc<dyn BlobStore>,
    pub(crate) metadata: Arc<dyn Database>,
}

/// The outcome of waiting for a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// This process fetches the blob, under this claim.
    Mine(Claim),
    /// Another does, and takes long: this one fetches it, too.
    Shared,
    /// Another has stored it.
    Stored,
}

impl Store {
    pub(crate) fn new(objects: Arc<dyn BlobStore>, metadata: Arc<dyn Database>) -> Self {
        Self { objects, metadata }
    }

    /// Waits until no other replica fetches a blob.
    pub(super) async fn take_turn(&self, partial: &Arc<Partial>) -> Result<Turn, Error> {
        let (key, claim) = (&partial.key, partial.claim.clone());
        let started = Instant::now();
        loop {
            let (repository, digest) = (&key.repository, &key.digest);
            let is_mine = self
                .metadata
                .claim_fill(repository, digest, &claim, LEASE)
                .await?;
            if is_mine {
                // It may have been stored between the last look and this claim.
                if self.metadata.blob(repository, digest).await?.is_none() {
                    return Ok(Turn::Mine(claim));
                }
                self.end_turn(key, &Turn::Mine(claim)).await;
                return Ok(Turn::Stored);
            }
            if self.metadata.blob(repository, digest).await?.is_some() {
                return Ok(Turn::Stored);
            }
            if started.elapsed() > PATIENCE {
                return Ok(Turn::Shared);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Renews the claim on a blob now and then, for ever.
    pub(super) async fn hold_turn(&self, key: &Key, turn: &Turn) {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            if let Turn::Mine(claim) = turn {
                // A claim that is lost costs a second transfer, and nothing else.
                let _ = self
                    .metadata
                    .claim_fill(&key.repository, &key.digest, claim, LEASE)
                    .await;
            }
        }
    }

    /// Lets other replicas fetch a blob.
    pub(super) async fn end_turn(&self, key: &Key, turn: &Turn) {
        if let Turn::Mine(claim) = turn {
            // Otherwise its lease ends soon.
            let _ = self
                .metadata
                .release_fill(&key.repository, &key.digest, claim)
                .await;
        }
    }

    /// Makes a verified blob one of the repository.
    pub(super) async fn keep(&self, partial: &Arc<Partial>) -> Result<(), Error> {
        let (repository, digest) = (&partial.key.repository, &partial.key.digest);
        let session = UploadSession {
            id: UploadId::random(),
            repository: repository.clone(),
            algorithm: digest.algorithm(),
            staged: Staged::default(),
        };
        let (id, claim) = (&session.id, Claim::random());
        self.metadata.begin_upload(&session).await?;
        self.metadata.claim_upload(id, &claim, LEASE * 20).await?;
        let staged = match self.objects.adopt(id, partial.content()).await? {
            Some(staged) => {
                partial.unlock();
                staged
            }
            None => self.copy(id, partial).await?,
        };
        self.objects.seal(id, &staged).await?;
        self.metadata
            .finish_mirrored(repository, id, &claim, digest, partial.size)
            .await?;
        let removed = Arc::clone(partial);
        // The files that are left are of no use.
        let _ = tokio::task::spawn_blocking(move || removed.remove()).await;
        Ok(())
    }

    async fn copy(&self, id: &UploadId, partial: &Arc<Partial>) -> Result<Staged, Error> {
        let mut writer = self.objects.append(id, Staged::default(), None).await?;
        let path = partial.content().to_owned();
        let mut file = {
            let path = path.clone();
            blocking(move || File::open(&path).map_err(|e| Error::from(io("open", &path)(e))))
                .await?
        };
        loop {
            let path = path.clone();
            let (rest, piece) = blocking(move || {
                let mut piece = vec![0; PIECE];
                let length = file
                    .read(&mut piece)
                    .map_err(|error| Error::from(io("read", &path)(error)))?;
                piece.truncate(length);
                Ok::<_, Error>((file, piece))
            })
            .await?;
            file = rest;
            if piece.is_empty() {
                break;
            }
            writer.write(piece.into()).await?;
        }
        Ok(writer.close().await?.0)
    }

    /// The content of a blob that is stored.
    pub(super) async fn read(&self, partial: &Partial) -> Result<Option<Chunks>, Error> {
        let (repository, digest) = (&partial.key.repository, &partial.key.digest);
        let Some(stored) = self.metadata.blob(repository, digest).await? else {
            return Ok(None);
        };
        let blob = self.objects.open(&stored.object, stored.size, None).await?;
        Ok(blob.map(lazaret_content::Blob::into_chunks))
    }
}
