//! Swaps the manifest of a tag for one that a snapshotter streams.
//!
//! A tag is swapped, a digest never: a client that pins content gets that content. Nothing that is
//! looked for and not found, and nothing odd, keeps a client from the original.

mod choice;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::FutureExt as _;
use lazaret_content::StoredManifest;
use lazaret_oci::{Descriptor, Digest, ManifestContent, ManifestDocument, Tag};

use crate::Error;
use crate::formats::Format;
use crate::manifests::Found;
use crate::mirror::Mirror;
use crate::passage::Passage;
use crate::pipeline::Stage;
use choice::{Step, candidates, is_streamable, link, through};

/// Most referrers of one image that are looked at.
const MOST_CANDIDATES: usize = 16;

impl Mirror {
    /// The manifest to serve for a tag: a streamable one of the stage `teleport`, or the original.
    pub(crate) async fn swapped(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
        original: Found,
    ) -> Found {
        let formats = passage.lane.formats();
        if formats.is_empty() || passage.lane.discovered().is_none() {
            return original;
        }
        let digest = original.manifest.digest.clone();
        let key = (passage.repository.clone(), digest.clone(), formats.to_vec());
        let choice = match self.swaps.known(&key) {
            Some(choice) => choice,
            None => {
                let search = self.search(passage, tag, &original.manifest);
                let choice = match self.in_time(passage, search).await {
                    Ok(choice) => choice,
                    Err(error) => {
                        tracing::warn!(%error, repository = %passage.repository, %digest, "no streamable form was looked for");
                        return original;
                    }
                };
                self.swaps.remember(key, choice.clone());
                choice
            }
        };
        let Some(choice) = choice else {
            return original;
        };
        match self.by_digest(passage, &choice).await {
            Ok(found) => Found {
                served: original.served,
                ..found
            },
            Err(error) => {
                tracing::warn!(%error, repository = %passage.repository, digest = %choice, "a streamable form is gone");
                original
            }
        }
    }

    /// Looks for a streamable form of an image: among the manifests of an index, then among the
    /// referrers of the index and of the manifest for the platform.
    async fn search(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
        original: &StoredManifest,
    ) -> Result<Option<Digest>, Error> {
        let document = parsed(original)?;
        let mut subjects = vec![original.digest.clone()];
        if let ManifestContent::Index(index) = document.content() {
            for format in passage.lane.formats() {
                for entry in choice::of_index(index, &original.bytes, *format, &self.swaps.platform)
                {
                    if self.fits(passage, tag, &entry, *format).await {
                        return Ok(Some(entry.digest));
                    }
                }
            }
            let of_platform = index.select(&self.swaps.platform);
            subjects.extend(of_platform.map(|entry| entry.digest.clone()));
        }
        for subject in subjects {
            let referrers = self.referrers_upstream(passage, &subject).await?;
            for format in passage.lane.formats() {
                let types = passage.lane.discovered().unwrap_or_default();
                for entry in candidates(&referrers, *format, types, &self.swaps.platform)
                    .into_iter()
                    .take(MOST_CANDIDATES)
                {
                    if let Some(digest) = self.followed(passage, tag, &entry, *format).await {
                        return Ok(Some(digest));
                    }
                }
            }
            if let Some(digest) = self.search_oldest(passage, tag, &subject).await? {
                return Ok(Some(digest));
            }
        }
        Ok(None)
    }

    /// Looks for an image of the oldest kind, if the stage `discover` names that.
    async fn search_oldest(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
        subject: &Digest,
    ) -> Result<Option<Digest>, Error> {
        let lane = &passage.lane;
        let types = lane.discovered().unwrap_or_default();
        let is_wanted = types.iter().any(|wanted| wanted == choice::OLDEST);
        if !is_wanted || !lane.formats().contains(&Format::Acr) || !lane.has(&Stage::Pull) {
            return Ok(None);
        }
        let (upstream, wanted) = (&passage.upstream, passage.wanted());
        let ask = upstream.ask(&wanted, |client, reference| {
            let subject = subject.clone();
            let list = async move {
                let kind = choice::OLDEST;
                client.oras_referrers(&reference, &subject, kind).await
            };
            list.boxed()
        });
        let referrers = ask.await?;
        let found = candidates(&referrers, Format::Acr, types, &self.swaps.platform);
        for entry in found.into_iter().take(MOST_CANDIDATES) {
            if let Some(digest) = self.followed(passage, tag, &entry, Format::Acr).await {
                return Ok(Some(digest));
            }
        }
        Ok(None)
    }

    /// The streamable image to which a referrer leads: itself, or that of a link.
    async fn followed(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
        entry: &Descriptor,
        format: Format,
    ) -> Option<Digest> {
        let step = match link(entry, format) {
            Step::Through => through(entry, &self.blobs_of_artifact(passage, entry).await),
            step => step,
        };
        match step {
            Step::Itself => self
                .fits(passage, tag, entry, format)
                .await
                .then(|| entry.digest.clone()),
            Step::To(target) => self
                .fits(passage, tag, &target, format)
                .await
                .then_some(target.digest),
            Step::Through | Step::Nowhere => None,
        }
    }

    /// What a manifest names in `blobs`; nothing when it cannot be read. It is no content for clients, so it
    /// is not kept.
    async fn blobs_of_artifact(&self, passage: &Passage, entry: &Descriptor) -> Vec<Descriptor> {
        let mut wanted = passage.wanted();
        wanted.digest = Some(entry.digest.clone());
        let ask = passage.upstream.ask(&wanted, |client, reference| {
            async move { client.oras_blobs(&reference).await }.boxed()
        });
        ask.await.unwrap_or_else(|error| {
            tracing::warn!(%error, digest = %entry.digest, "an artifact was not read");
            Vec::new()
        })
    }

    /// Fetches a manifest and checks that it is of the form and for the platform, and that it may be
    /// what the tag points to.
    async fn fits(
        self: &Arc<Self>,
        passage: &Passage,
        tag: &Tag,
        entry: &Descriptor,
        format: Format,
    ) -> bool {
        let Ok(found) = self.by_digest(passage, &entry.digest).await else {
            return false;
        };
        let Ok(document) = parsed(&found.manifest) else {
            return false;
        };
        is_streamable(&document, format, &entry.annotations, &self.swaps.platform)
            && self.inspect(passage, Some(tag), &document).await.is_ok()
    }
}

fn parsed(manifest: &StoredManifest) -> Result<ManifestDocument, Error> {
    ManifestDocument::parse(manifest.bytes.to_vec(), Some(&manifest.media_type)).map_err(|error| {
        Error::Forbidden {
            reason: error.to_string(),
        }
    })
}
