//! Writes to an upload, which one request at a time can claim.
//!
//! ```text
//! claim --append*--> release               the upload goes on
//!       \--append*--> finish               it is a blob
//!       \--discard                         it is gone
//! ```
//! The claim is a lease, which is renewed while bytes arrive. Everything here runs in a task of its
//! own, so that a client that disconnects neither leaves a claim behind nor loses the bytes that it
//! sent.

use std::ops::Range;
use std::time::Duration;

use futures_util::StreamExt as _;
use http::StatusCode;
use lazaret_content::{Claim, Error, Finished, Staged, UploadId, UploadSession};
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Algorithm, Digest, Hasher, Repository};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::session::out_of_order;
use super::sessions;
use crate::message::{Refusal, RequestBody};
use crate::registry::Registry;

/// Time after which a claim that is not renewed expires.
const LEASE: Duration = Duration::from_secs(30);
/// Time between renewals of a claim.
const RENEWAL: Duration = Duration::from_secs(10);
/// Longest time that a request waits for another one to release the upload.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between its attempts to claim the upload.
const LOOK: Duration = Duration::from_millis(20);

/// Runs work on a body to its end, even if the client disconnects. Returns the rest of the body.
pub(super) async fn detached<T, W>(
    body: &mut RequestBody,
    work: impl FnOnce(RequestBody) -> W,
) -> Result<T, Refusal>
where
    T: Send + 'static,
    W: Future<Output = (RequestBody, Result<T, Refusal>)> + Send + 'static,
{
    match tokio::spawn(work(body.take())).await {
        Ok((rest, outcome)) => {
            *body = rest;
            outcome
        }
        Err(_) => Err(Refusal::internal("the upload was interrupted")),
    }
}

/// A claimed upload.
pub(super) struct Writing {
    registry: Registry,
    session: UploadSession,
    claim: Claim,
    hasher: Option<Hasher>,
    renewed: Instant,
    allowance: Allowance,
}

impl Writing {
    /// Claims an upload session of the repository.
    pub(super) async fn claim(
        registry: &Registry,
        repository: &Repository,
        id: &UploadId,
    ) -> Result<Self, Refusal> {
        let claim = Claim::random();
        let started = Instant::now();
        let session = loop {
            match registry
                .stores
                .metadata
                .claim_upload(id, &claim, LEASE)
                .await
            {
                Err(Error::UploadBusy { .. }) if started.elapsed() < PATIENCE => {
                    tokio::time::sleep(LOOK).await;
                }
                outcome => break outcome?,
            }
        };
        let hasher = registry.hashes.take(id, session.staged.size);
        let writing = Self {
            registry: registry.clone(),
            session,
            claim,
            hasher,
            renewed: Instant::now(),
            allowance: Allowance::default(),
        };
        if writing.session.repository != *repository {
            writing.release().await?;
            return Err(Refusal::unknown_upload());
        }
        Ok(writing)
    }

    /// Starts an upload session and claims it.
    pub(super) async fn begin(
        registry: &Registry,
        repository: &Repository,
        algorithm: Algorithm,
    ) -> Result<Self, Refusal> {
        let session = begin(registry, repository, algorithm).await?;
        Self::claim(registry, repository, &session.id).await
    }

    /// Takes note of the digest that the upload is to have: content that the repository has takes
    /// nothing of its quota.
    pub(super) async fn expect(&mut self, digest: &Digest) -> Result<(), Refusal> {
        let repository = &self.session.repository;
        if self.registry.terms().rules.quota(repository).is_none() {
            return Ok(());
        }
        let stored = self.registry.stores.metadata.blob(repository, digest);
        if let Some(stored) = stored.await? {
            self.allowance.allow(stored.size);
        }
        Ok(())
    }

    /// Makes sure that the quota has room for an upload of `size` bytes.
    async fn reserve(&mut self, size: u64) -> Result<(), Refusal> {
        let (session, claim) = (&self.session, &self.claim);
        self.allowance
            .reserve(&self.registry, session, claim, size)
            .await
    }

    /// Number of staged bytes.
    pub(super) fn size(&self) -> u64 {
        self.session.staged.size
    }

    /// Appends a chunk; `range`, if given, must start at the end of the upload. Bytes that arrived
    /// before a failure are kept.
    pub(super) async fn chunk(
        &mut self,
        body: &mut RequestBody,
        range: Option<Range<u64>>,
    ) -> Result<(), Refusal> {
        let UploadSession {
            id,
            repository,
            staged,
            ..
        } = &self.session;
        if range
            .as_ref()
            .is_some_and(|range| range.start != staged.size)
        {
            return Err(out_of_order(repository, id, staged.size));
        }
        self.append(body, range.map(|range| range.end - range.start))
            .await
    }

    /// Appends a body of at most `limit` bytes.
    pub(super) async fn append(
        &mut self,
        body: &mut RequestBody,
        limit: Option<u64>,
    ) -> Result<(), Refusal> {
        let staged = self.session.staged.clone();
        let mut total = staged.size;
        if let Some(announced) = body.announced() {
            self.reserve(total.saturating_add(announced)).await?;
        }
        let most = self.registry.terms().blob_bytes;
        let mut left = limit.unwrap_or(u64::MAX);
        let mut room = most.saturating_sub(staged.size);
        let hasher = self.hasher.take();
        let mut writer = self
            .registry
            .stores
            .objects
            .append(&self.session.id, staged, hasher)
            .await?;
        let outcome = loop {
            let bytes = match body.next().await {
                Ok(None) => break Ok(()),
                Ok(Some(bytes)) => bytes,
                Err(refusal) => break Err(refusal),
            };
            let length = bytes.len() as u64;
            if length > left {
                break Err(Refusal::new(
                    ErrorCode::SizeInvalid,
                    "the body is longer than Content-Range says",
                ));
            }
            if length > room {
                let message = format!("the blob is larger than {most} bytes");
                break Err(Refusal::new(ErrorCode::SizeInvalid, message)
                    .status(StatusCode::PAYLOAD_TOO_LARGE));
            }
            total += length;
            if let Err(refusal) = self.reserve(total).await {
                break Err(refusal);
            }
            left -= length;
            room -= length;
            // If this fails, the object is the same as before this request.
            writer.write(bytes).await?;
            self.renew().await?;
        };
        let (staged, hasher) = writer.close().await?;
        self.session.staged = staged;
        self.hasher = hasher;
        outcome
    }

    async fn renew(&mut self) -> Result<(), Refusal> {
        if self.renewed.elapsed() < RENEWAL {
            return Ok(());
        }
        self.renewed = Instant::now();
        let (id, claim) = (&self.session.id, &self.claim);
        if self
            .registry
            .stores
            .metadata
            .renew_claim(id, claim, LEASE)
            .await?
        {
            return Ok(());
        }
        Err(Error::UploadBusy { id: id.clone() }.into())
    }

    /// Releases the claim and keeps the staged bytes.
    pub(super) async fn release(self) -> Result<(), Refusal> {
        let UploadSession { id, staged, .. } = self.session;
        if let Some(hasher) = self.hasher {
            self.registry.hashes.keep(&id, hasher, staged.size);
        }
        self.registry
            .stores
            .metadata
            .release_upload(&id, &self.claim, &staged)
            .await?;
        Ok(())
    }

    /// Deletes the upload session.
    pub(super) async fn discard(self) -> Result<(), Refusal> {
        self.registry
            .stores
            .metadata
            .discard_upload(&self.session.id, &self.claim)
            .await?;
        Ok(())
    }

    /// Makes the upload the blob `digest`. A wrong digest ends the upload. If the store fails, the
    /// upload stays as it is and can be finished later.
    pub(super) async fn finish(mut self, digest: &Digest) -> Result<(), Refusal> {
        match self.verified(digest).await {
            Ok(true) => {}
            Ok(false) => {
                let refusal = Refusal::new(
                    ErrorCode::DigestInvalid,
                    format!("the content does not have the digest {digest}"),
                );
                self.discard().await?;
                return Err(refusal);
            }
            Err(error) => {
                self.release().await?;
                return Err(error.into());
            }
        }
        let UploadSession {
            id,
            repository,
            staged,
            ..
        } = &self.session;
        let quota = self.registry.terms().rules.quota(repository);
        let metadata = &self.registry.stores.metadata;
        match metadata
            .finish_upload(id, &self.claim, digest, staged.size, quota)
            .await
        {
            Ok(Finished::Stored | Finished::Duplicate) => Ok(()),
            Err(error) => {
                // The upload stays for another try, unless the claim was lost with the failure.
                let _ = self.release().await;
                Err(error.into())
            }
        }
    }

    /// Whether the sealed object has the digest. It is read again when its hash is not known.
    async fn verified(&mut self, digest: &Digest) -> Result<bool, Error> {
        let UploadSession {
            id,
            staged,
            algorithm,
            ..
        } = &self.session;
        let objects = &self.registry.stores.objects;
        let hasher = self.hasher.take();
        if let Some(hasher) = hasher.filter(|_| *algorithm == digest.algorithm()) {
            let matches = hasher.finish() == *digest;
            if matches {
                self.seal(staged).await?;
            }
            return Ok(matches);
        }
        self.seal(staged).await?;
        let blob = objects.open(id, staged.size, None).await?;
        let blob = blob.ok_or_else(|| Error::UploadUnknown { id: id.clone() })?;
        let mut hasher = Hasher::new(digest.algorithm());
        let mut chunks = blob.into_chunks();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|source| Error::Object {
                action: "read",
                id: id.clone(),
                source: source.into(),
            })?;
            hasher = tokio::task::spawn_blocking(move || {
                hasher.update(&chunk);
                hasher
            })
            .await
            .map_err(|_| Error::Stopped)?;
            let _ = self
                .registry
                .stores
                .metadata
                .renew_claim(id, &self.claim, LEASE)
                .await?;
        }
        Ok(hasher.finish() == *digest)
    }

    async fn seal(&self, staged: &Staged) -> Result<(), Error> {
        self.registry
            .stores
            .objects
            .seal(&self.session.id, staged)
            .await
    }
}

/// Records a new upload session.
pub(super) async fn begin(
    registry: &Registry,
    repository: &Repository,
    algorithm: Algorithm,
) -> Result<UploadSession, Refusal> {
    sessions::require_place(registry, repository).await?;
    let session = UploadSession {
        id: UploadId::random(),
        repository: repository.clone(),
        algorithm,
        staged: Staged::default(),
    };
    registry.stores.metadata.begin_upload(&session).await?;
    registry.hashes.keep(&session.id, Hasher::new(algorithm), 0);
    Ok(session)
}
