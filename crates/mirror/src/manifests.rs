//! Manifests of upstreams.
//!
//! ```text
//! digest: kept? serve : fetch, keep, serve
//! tag:    young? serve : HEAD upstream -> unchanged: serve | changed: fetch, keep | gone: 404
//!         upstream silent: serve what is kept, although it is old
//! ```

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt as _;
use lazaret_client::Revalidation;
use lazaret_content::{ManifestSelector, NewManifest, StoredManifest, UpstreamAnswer};
use lazaret_oci::{Digest, ManifestContent, ManifestDocument, Tag};

use crate::Error;
use crate::counts::Served;
use crate::mirror::Mirror;
use crate::passage::Passage;
use crate::pipeline::{Asked, Resource, Stage};
use crate::programs;

/// Most bytes that a manifest may state for what it names, so that sums of many fit.
const MOST_STATED: u64 = 1 << 46;

/// A manifest, and where it came from.
#[derive(Debug, Clone)]
pub struct Found {
    /// The manifest.
    pub manifest: StoredManifest,
    /// Where it came from.
    pub served: Served,
}

impl Mirror {
    /// The manifest of a tag or digest of an upstream's repository.
    ///
    /// # Errors
    /// [`Error`] in all of its forms.
    pub async fn manifest(
        self: &Arc<Self>,
        repository: &lazaret_oci::Repository,
        selector: &ManifestSelector,
        request: &Asked,
    ) -> Result<Found, Error> {
        let method = request.method;
        let mut passage = self.pass(repository, Resource::Manifests, request)?;
        let mut reference = match selector {
            ManifestSelector::Tag(tag) => tag.to_string(),
            ManifestSelector::Digest(digest) => digest.to_string(),
        };
        programs::consult(
            &mut passage,
            Resource::Manifests,
            method,
            &mut reference,
            None,
        )
        .await?;
        let asked = parse(&reference)?;
        let found = match &asked {
            ManifestSelector::Digest(digest) => self.by_digest(&passage, digest).await?,
            ManifestSelector::Tag(tag) => {
                let found = self.by_tag(&passage, tag).await?;
                self.swapped(&passage, tag, found).await
            }
        };
        let digest = found.manifest.digest.clone();
        programs::consult(
            &mut passage,
            Resource::Manifests,
            method,
            &mut reference,
            Some(&digest),
        )
        .await?;
        self.counts.add(found.served);
        if passage.lane.has(&Stage::Cache) {
            self.used(repository, &digest).await;
        }
        Ok(found)
    }

    pub(crate) async fn by_digest(
        self: &Arc<Self>,
        passage: &Passage,
        digest: &Digest,
    ) -> Result<Found, Error> {
        let selector = ManifestSelector::Digest(digest.clone());
        if let Some(manifest) = self.kept(passage, &selector).await? {
            let served = Served::Hit;
            return Ok(Found { manifest, served });
        }
        let name = digest.to_string();
        let answer = self.answer(passage, &name).await?;
        if answer.is_some_and(|answer| !answer.found && age(&answer) < self.lifetimes.absent) {
            return Err(passage.upstream.not_found());
        }
        require_pull(passage)?;
        let mut wanted = passage.wanted();
        wanted.digest = Some(digest.clone());
        let (mirror, owned) = (Arc::clone(self), passage.clone());
        let work = self
            .manifests
            .join((passage.repository.clone(), name), move || {
                async move { mirror.fetch(&owned, wanted, None).await }.boxed()
            });
        let manifest = self.in_time(passage, work).await?;
        let served = Served::Miss;
        Ok(Found { manifest, served })
    }

    pub(crate) async fn by_tag(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
    ) -> Result<Found, Error> {
        let selector = ManifestSelector::Tag(tag.clone());
        let kept = self.kept(passage, &selector).await?;
        let answer = self.answer(passage, tag.as_str()).await?;
        let found = |manifest: StoredManifest, served| Ok(Found { manifest, served });
        let resolves = passage.lane.has(&Stage::Resolve);
        match (&kept, &answer) {
            (Some(manifest), Some(answer))
                if answer.found && (age(answer) < self.lifetimes.tag || !resolves) =>
            {
                return found(manifest.clone(), Served::Hit);
            }
            (Some(manifest), _) if !resolves => return found(manifest.clone(), Served::Hit),
            (_, Some(answer)) if !answer.found && age(answer) < self.lifetimes.absent => {
                return Err(passage.upstream.not_found());
            }
            _ => {}
        }
        require_pull(passage)?;
        let (mirror, owned, tag) = (Arc::clone(self), passage.clone(), tag.clone());
        let known = kept.clone();
        let work = self
            .manifests
            .join((passage.repository.clone(), tag.to_string()), move || {
                async move { mirror.resolve(&owned, &tag, known).await }.boxed()
            });
        let outcome = match &kept {
            Some(_) => self.in_short_time(passage, work).await,
            None => self.in_time(passage, work).await,
        };
        match (outcome, kept) {
            (Ok(manifest), Some(kept)) if manifest.digest == kept.digest => {
                found(manifest, Served::Hit)
            }
            (Ok(manifest), _) => found(manifest, Served::Miss),
            (Err(error), Some(manifest))
                if is_soft(&error)
                    && answer.is_some_and(|answer| {
                        let age = SystemTime::now().duration_since(answer.asked);
                        age.unwrap_or_default() < self.lifetimes.stale
                    }) =>
            {
                tracing::warn!(%error, repository = %passage.repository, "an old answer is served");
                found(manifest, Served::Stale)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Asks the upstream what a tag points to, and fetches that unless it is kept.
    async fn resolve(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
        kept: Option<StoredManifest>,
    ) -> Result<StoredManifest, Error> {
        let mut wanted = passage.wanted();
        wanted.tag = Some(tag.clone());
        let Some(kept) = kept else {
            return self.fetch(passage, wanted, Some(tag)).await;
        };
        let known = kept.digest.clone();
        let outcome = passage
            .upstream
            .ask(&wanted, |client, reference| {
                let known = known.clone();
                async move { client.manifest_if_changed(&reference, Some(&known)).await }.boxed()
            })
            .await;
        match outcome {
            Ok(Revalidation::Unchanged) => {
                self.record(passage, tag.as_str(), true).await?;
                Ok(kept)
            }
            Ok(Revalidation::Changed(descriptor)) => {
                wanted.digest = Some(descriptor.digest);
                self.fetch(passage, wanted, Some(tag)).await
            }
            Err(error) => Err(self.absent(passage, tag.as_str(), Some(tag), error).await?),
        }
    }

    /// Fetches a manifest and keeps it, with its tag.
    async fn fetch(
        self: &Arc<Self>,
        passage: &Passage,
        wanted: crate::upstream::Wanted,
        tag: Option<&Tag>,
    ) -> Result<StoredManifest, Error> {
        let name = match (tag, &wanted.digest) {
            (Some(tag), _) => tag.to_string(),
            (None, Some(digest)) => digest.to_string(),
            (None, None) => String::new(),
        };
        let outcome = passage
            .upstream
            .ask(&wanted, |client, reference| {
                async move { client.manifest(&reference).await }.boxed()
            })
            .await;
        let document = match outcome {
            Ok(document) => document,
            Err(error) => return Err(self.absent(passage, &name, tag, error).await?),
        };
        if stated(&document) > MOST_STATED {
            return Err(Error::Forbidden {
                reason: "the manifest states sizes that nothing has".to_owned(),
            });
        }
        self.inspect(passage, tag, &document).await?;
        let digest = wanted.digest.unwrap_or_else(|| document.digest().clone());
        let manifest = StoredManifest {
            digest: digest.clone(),
            media_type: document.media_type().to_owned(),
            bytes: Bytes::copy_from_slice(document.raw()),
        };
        if passage.lane.has(&Stage::Cache) {
            self.keep(passage, &document, digest, tag, manifest.bytes.clone())
                .await?;
            self.record(passage, &name, true).await?;
        }
        Ok(manifest)
    }

    async fn keep(
        &self,
        passage: &Passage,
        document: &ManifestDocument,
        digest: Digest,
        tag: Option<&Tag>,
        bytes: Bytes,
    ) -> Result<(), Error> {
        self.stored_anew(&passage.repository, &digest);
        let mut manifest = NewManifest::of(document, digest, bytes);
        manifest.tags.extend(tag.cloned());
        self.store
            .metadata
            .put_mirrored(&passage.repository, manifest)
            .await?;
        Ok(())
    }

    /// Takes note of an answer that something is not there; gives the error back.
    async fn absent(
        &self,
        passage: &Passage,
        name: &str,
        tag: Option<&Tag>,
        error: Error,
    ) -> Result<Error, Error> {
        if matches!(error, Error::NotFound { .. }) && passage.lane.has(&Stage::Cache) {
            if let Some(tag) = tag {
                let metadata = &self.store.metadata;
                metadata.delete_tag(&passage.repository, tag).await?;
            }
            self.record(passage, name, false).await?;
        }
        Ok(error)
    }

    async fn kept(
        &self,
        passage: &Passage,
        selector: &ManifestSelector,
    ) -> Result<Option<StoredManifest>, Error> {
        if !passage.lane.has(&Stage::Cache) {
            return Ok(None);
        }
        let metadata = &self.store.metadata;
        Ok(metadata.manifest(&passage.repository, selector).await?)
    }

    async fn answer(&self, passage: &Passage, name: &str) -> Result<Option<UpstreamAnswer>, Error> {
        if !passage.lane.has(&Stage::Cache) {
            return Ok(None);
        }
        let metadata = &self.store.metadata;
        Ok(metadata.upstream_answer(&passage.repository, name).await?)
    }

    async fn record(&self, passage: &Passage, name: &str, found: bool) -> Result<(), Error> {
        let metadata = &self.store.metadata;
        metadata
            .record_answer(&passage.repository, name, found)
            .await?;
        Ok(())
    }
}

/// Whether an old answer is better than this error: the upstream did not say that the content is
/// gone, or not for the mirror.
fn is_soft(error: &Error) -> bool {
    error.is_unavailable() || matches!(error, Error::Refused { .. } | Error::Integrity { .. })
}

/// The age of an answer. One of the future, from a clock that was ahead, is old.
pub(crate) fn age(answer: &UpstreamAnswer) -> Duration {
    SystemTime::now()
        .duration_since(answer.asked)
        .unwrap_or(Duration::MAX)
}

/// The sum of the sizes that a manifest states, in bytes.
fn stated(document: &ManifestDocument) -> u64 {
    let sizes: Vec<u64> = match document.content() {
        ManifestContent::Manifest(manifest) => manifest.blobs().map(|blob| blob.size).collect(),
        ManifestContent::Index(index) => index.manifests.iter().map(|entry| entry.size).collect(),
    };
    sizes.into_iter().fold(0, u64::saturating_add)
}

/// A lane without the stage `pull` serves what is kept.
pub(crate) fn require_pull(passage: &Passage) -> Result<(), Error> {
    match passage.lane.has(&Stage::Pull) {
        true => Ok(()),
        false => Err(passage.upstream.not_found()),
    }
}

fn parse(reference: &str) -> Result<ManifestSelector, Error> {
    if let Ok(digest) = reference.parse() {
        return Ok(ManifestSelector::Digest(digest));
    }
    reference
        .parse()
        .map(ManifestSelector::Tag)
        .map_err(|_| Error::Program {
            program: "of the operator".to_owned(),
            reason: "it named a reference that is neither a tag nor a digest".to_owned(),
        })
}
