//! Fetches images before somebody asks for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use lazaret_content::{ManifestSelector, StoredManifest};
use lazaret_oci::{Digest, ManifestContent, ManifestDocument, Platform, Repository};

use crate::Error;
use crate::blobs::{MirroredBlob, Part};
use crate::mirror::Mirror;
use crate::passage::Passage;
use crate::pipeline::{Asked, Method, Resource};

/// Deepest nesting of indexes that is followed.
const DEEPEST: usize = 4;

/// What was fetched of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefetched {
    /// The manifest or index.
    pub digest: Digest,
    /// Number of blobs that are here now.
    pub blobs: usize,
    /// Bytes of those that were not here before.
    pub fetched: u64,
}

impl Mirror {
    /// Fetches the manifests and blobs of an image; of an index those of the platforms, or all when
    /// none is named. `each` is told of every blob that came.
    ///
    /// # Errors
    /// [`Error`] in all of its forms. What came before stays.
    pub async fn prefetch(
        self: &Arc<Self>,
        repository: &Repository,
        selector: &ManifestSelector,
        platforms: &[Platform],
        each: &(dyn Fn(&Digest, u64) + Sync),
    ) -> Result<Prefetched, Error> {
        let root = self
            .manifest(repository, selector, &Asked::new(Method::Get))
            .await?;
        let root = root.manifest;
        let mut done = Prefetched {
            digest: root.digest.clone(),
            blobs: 0,
            fetched: 0,
        };
        let mut waiting: Vec<(StoredManifest, usize)> = vec![(root, 0)];
        let mut seen = BTreeSet::new();
        while let Some((manifest, depth)) = waiting.pop() {
            if !seen.insert(manifest.digest.clone()) {
                continue;
            }
            let document =
                ManifestDocument::parse(manifest.bytes.to_vec(), Some(&manifest.media_type));
            let document = document.map_err(|error| Error::Forbidden {
                reason: error.to_string(),
            })?;
            match document.content() {
                ManifestContent::Index(index) if depth < DEEPEST => {
                    let wanted = index.manifests.iter().filter(|entry| {
                        let fits = |wanted: &Platform| {
                            let of_entry = entry.platform.as_ref();
                            of_entry.is_none_or(|of_entry| of_entry.satisfies(wanted))
                        };
                        platforms.is_empty() || platforms.iter().any(fits)
                    });
                    for entry in wanted {
                        let passage =
                            self.pass(repository, Resource::Manifests, &Asked::new(Method::Get))?;
                        let found = self.by_digest(&passage, &entry.digest).await?;
                        waiting.push((found.manifest, depth + 1));
                    }
                }
                ManifestContent::Index(_) => {}
                ManifestContent::Manifest(manifest) => {
                    for blob in manifest.blobs() {
                        if seen.insert(blob.digest.clone()) {
                            self.prefetch_blob(repository, &blob.digest, &mut done, each)
                                .await?;
                        }
                    }
                }
            }
        }
        Ok(done)
    }

    async fn prefetch_blob(
        self: &Arc<Self>,
        repository: &Repository,
        digest: &Digest,
        done: &mut Prefetched,
        each: &(dyn Fn(&Digest, u64) + Sync),
    ) -> Result<(), Error> {
        let passage = self.pass(repository, Resource::Blobs, &Asked::new(Method::Get))?;
        if let Some(size) = self.bring(passage, digest).await? {
            done.fetched += size;
            each(digest, size);
        }
        done.blobs += 1;
        Ok(())
    }

    /// Fetches a blob until it is stored; returns its size in bytes, unless it was here.
    pub(crate) async fn bring(
        self: &Arc<Self>,
        passage: Passage,
        digest: &Digest,
    ) -> Result<Option<u64>, Error> {
        let upstream = passage.upstream.namespace().to_owned();
        let repository = passage.repository.clone();
        let MirroredBlob::Coming(coming) = self.blob_of(passage, digest).await? else {
            return Ok(None);
        };
        let size = coming.size;
        let mut content = self.read(coming, Part::Whole).await?;
        while let Some(piece) = content.next().await {
            piece.map_err(|error| Error::Unavailable {
                upstream: upstream.clone(),
                reason: error.to_string(),
                retry_after: std::time::Duration::from_secs(1),
                is_rate_limited: false,
            })?;
        }
        self.stored(&repository, digest).await?;
        Ok(Some(size))
    }

    /// Waits until a blob that has come is stored, which a process that ends must not interrupt.
    async fn stored(&self, repository: &Repository, digest: &Digest) -> Result<(), Error> {
        const LOOK: std::time::Duration = std::time::Duration::from_millis(20);
        for _ in 0..1500 {
            if self
                .store
                .metadata
                .blob(repository, digest)
                .await?
                .is_some()
            {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Error::Stopped)
    }
}
