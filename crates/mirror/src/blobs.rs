//! Blobs of upstreams.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use lazaret_content::StoredBlob;
use lazaret_oci::{Descriptor, Digest, Repository};

use crate::Error;
use crate::cache::{Key, Origin, Reading};
use crate::counts::Served;
use crate::manifests::require_pull;
use crate::mirror::Mirror;
use crate::passage::Passage;
use crate::pipeline::{Asked, Resource, Stage};
use crate::programs;
use crate::remote_blob::RemoteBlob;

/// Bytes that are fetched ahead of a client that reads a part without an end.
const AHEAD: u64 = 4 * 1024 * 1024;
/// Blobs of at most this size are sent when their digest is known to be right.
const SMALL: u64 = 256 * 1024;

/// A blob, as the mirror has it.
pub enum MirroredBlob {
    /// It is content of the registry.
    Stored(StoredBlob),
    /// It is at the upstream, or on its way.
    Coming(Coming),
}

/// A blob that is not whole here.
pub struct Coming {
    /// Its size in bytes.
    pub size: u64,
    passage: Passage,
    digest: Digest,
}

/// The part of a blob that a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it, also as a range that begins at its first byte and has no end.
    Whole,
    /// From a byte to the end, of which clients often read the beginning only.
    From(u64),
    /// A range.
    Range(Range<u64>),
}

impl Mirror {
    /// A blob of an upstream's repository. Nothing of its content is asked for yet.
    ///
    /// # Errors
    /// [`Error`] in all of its forms.
    pub async fn blob(
        self: &Arc<Self>,
        repository: &Repository,
        digest: &Digest,
        request: &Asked,
    ) -> Result<MirroredBlob, Error> {
        let method = request.method;
        let mut passage = self.pass(repository, Resource::Blobs, request)?;
        let mut reference = digest.to_string();
        programs::consult(&mut passage, Resource::Blobs, method, &mut reference, None).await?;
        self.blob_of(passage, digest).await
    }

    /// A blob of an upstream's repository, for a request that is permitted.
    pub(crate) async fn blob_of(
        self: &Arc<Self>,
        passage: Passage,
        digest: &Digest,
    ) -> Result<MirroredBlob, Error> {
        let repository = &passage.repository;
        let metadata = &self.store.metadata;
        if passage.lane.has(&Stage::Cache)
            && let Some(stored) = metadata.blob(repository, digest).await?
        {
            self.counts.add(Served::Hit);
            return Ok(MirroredBlob::Stored(stored));
        }
        require_pull(&passage)?;
        let key = Key {
            repository: repository.clone(),
            digest: digest.clone(),
        };
        let stated = metadata.missing_size(repository, digest).await?;
        let size = match stated.or_else(|| self.fills.size_of(&key)) {
            Some(size) => size,
            None => self.size_upstream(&passage, digest).await?,
        };
        self.counts.add(Served::Miss);
        Ok(MirroredBlob::Coming(Coming {
            size,
            passage,
            digest: digest.clone(),
        }))
    }

    /// Asks the upstream for the size of a blob that no manifest here names.
    async fn size_upstream(
        self: &Arc<Self>,
        passage: &Passage,
        digest: &Digest,
    ) -> Result<u64, Error> {
        let mut wanted = passage.wanted();
        wanted.digest = Some(digest.clone());
        let work = passage.upstream.ask(&wanted, |client, reference| {
            let digest = digest.clone();
            async move { client.blob_size(&reference, &digest).await }.boxed()
        });
        let size = self.in_time(passage, work).await?;
        size.ok_or_else(|| passage.upstream.not_found())
    }

    /// Reads a blob that is not whole here. Returns when its first bytes are there.
    ///
    /// # Errors
    /// [`Error`] in all of its forms. The stream fails when the upstream does.
    pub async fn read(
        self: &Arc<Self>,
        coming: Coming,
        part: Part,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        let Coming {
            size,
            passage,
            digest,
        } = coming;
        let mut wanted = passage.wanted();
        wanted.digest = Some(digest.clone());
        let origin: Arc<dyn Origin> = Arc::new(RemoteBlob {
            upstream: Arc::clone(&passage.upstream),
            wanted,
            descriptor: Descriptor::new("application/octet-stream", digest.clone(), size),
            is_kept: passage.lane.has(&Stage::Cache),
        });
        let (range, is_filling, ahead) = match part {
            Part::Whole => (0..size, true, 0),
            // The rest of a blob of which a client has the beginning is small, or wanted soon.
            Part::From(start) => (start..size, false, AHEAD),
            Part::Range(range) => (range, false, u64::MAX),
        };
        let key = Key {
            repository: passage.repository.clone(),
            digest,
        };
        let partial = self.fills.get(key, size).await?;
        if is_filling || size <= SMALL {
            self.fills.fill(&partial, &origin);
        }
        let reading = Reading {
            fills: Arc::clone(&self.fills),
            partial,
            origin,
            range,
            is_filling: is_filling || size <= SMALL,
            ahead,
            life: None,
        };
        self.in_time(&passage, reading.ready()).await?;
        Ok(reading.stream().boxed())
    }
}
