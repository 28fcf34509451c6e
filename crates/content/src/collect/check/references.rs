//! Checks references: manifests, the content that they name, and tags.

use std::collections::HashSet;

use lazaret_oci::{Digest, Repository};
use serde::Deserialize;

use super::finding::{Action, Fault, Finding};
use super::journal::Journal;
use super::stores::Check;
use crate::{Error, ManifestSelector, Page, RepositoryContents, TagSummary};

/// Rows that are read at a time.
const PAGE: usize = 200;

pub(super) async fn check(check: &Check, journal: &mut Journal<'_>) -> Result<(), Error> {
    let mut last = None;
    loop {
        let page = Page {
            last,
            limit: Some(PAGE),
        };
        let listing = check.database.all_repositories(page).await?;
        for repository in &listing.items {
            let Some(contents) = check.database.contents(repository).await? else {
                continue;
            };
            let visit = Visit {
                check,
                repository,
                manifests: contents.manifests.iter().map(|m| &m.digest).collect(),
            };
            visit.tags(&contents, journal).await?;
            visit.manifests(&contents, journal).await?;
            journal.summary.repositories += 1;
            journal.progress();
        }
        match listing.items.last() {
            Some(name) if listing.more => last = Some(name.to_string()),
            _ => return Ok(()),
        }
    }
}

/// A repository as it was when it was listed.
struct Visit<'a> {
    check: &'a Check,
    repository: &'a Repository,
    manifests: HashSet<&'a Digest>,
}

impl Visit<'_> {
    fn finding(&self, fault: Fault, digest: &Digest) -> Finding {
        Finding {
            fault,
            action: Action::None,
            repository: Some(self.repository.clone()),
            tag: None,
            digest: Some(digest.clone()),
            object: None,
        }
    }

    async fn tags(
        &self,
        contents: &RepositoryContents,
        journal: &mut Journal<'_>,
    ) -> Result<(), Error> {
        for tag in &contents.tags {
            journal.summary.tags += 1;
            if !self.manifests.contains(&tag.digest) && self.dangles(tag).await? {
                journal.finding(&Finding {
                    tag: Some(tag.tag.clone()),
                    ..self.finding(Fault::TagDangling, &tag.digest)
                });
            }
        }
        Ok(())
    }

    /// Whether the tag still points to a manifest that does not exist.
    async fn dangles(&self, tag: &TagSummary) -> Result<bool, Error> {
        if self.manifest(&tag.digest).await?.is_some() {
            return Ok(false);
        }
        let now = self.check.database.contents(self.repository).await?;
        Ok(now.is_some_and(|now| now.tags.contains(tag)))
    }

    async fn manifest(&self, digest: &Digest) -> Result<Option<crate::StoredManifest>, Error> {
        let selector = ManifestSelector::Digest(digest.clone());
        self.check
            .database
            .manifest(self.repository, &selector)
            .await
    }

    async fn manifests(
        &self,
        contents: &RepositoryContents,
        journal: &mut Journal<'_>,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for summary in &contents.manifests {
            let Some(manifest) = self.manifest(&summary.digest).await? else {
                continue;
            };
            journal.summary.manifests += 1;
            let actual = Digest::with(summary.digest.algorithm(), &manifest.bytes);
            if actual != summary.digest {
                let fault = Fault::ManifestDigest { actual };
                journal.finding(&self.finding(fault, &summary.digest));
            }
            for child in &summary.manifests {
                if !self.manifests.contains(child) && self.manifest(child).await?.is_none() {
                    let index = summary.digest.clone();
                    journal.finding(&self.finding(Fault::ManifestAbsent { index }, child));
                }
            }
            for blob in blobs_of(&manifest.bytes) {
                if seen.contains(&blob) {
                    continue;
                }
                if self.lacks(&blob, &summary.digest).await? {
                    let manifest = summary.digest.clone();
                    journal.finding(&self.finding(Fault::BlobAbsent { manifest }, &blob));
                }
                seen.insert(blob);
            }
            journal.progress();
        }
        Ok(())
    }

    /// Whether the repository does not serve a blob that an existing manifest names. A blob that is
    /// fetched when it is asked for is not lacking.
    async fn lacks(&self, blob: &Digest, manifest: &Digest) -> Result<bool, Error> {
        let database = &self.check.database;
        Ok(database.blob(self.repository, blob).await?.is_none()
            && database
                .missing_size(self.repository, blob)
                .await?
                .is_none()
            && self.manifest(manifest).await?.is_some())
    }
}

/// The fields of a manifest that name blobs.
#[derive(Deserialize)]
struct Outline {
    config: Option<Entry>,
    #[serde(default)]
    layers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    digest: Digest,
    #[serde(default)]
    media_type: String,
}

/// The blobs that must be in the repository of a manifest: all but layers whose media type says
/// that they are fetched elsewhere. A manifest that this version cannot parse names none.
fn blobs_of(bytes: &[u8]) -> Vec<Digest> {
    let Ok(outline) = serde_json::from_slice::<Outline>(bytes) else {
        return Vec::new();
    };
    let elsewhere =
        |kind: &str| kind.contains("nondistributable") || kind.contains("rootfs.foreign");
    let entries = outline.config.into_iter().chain(outline.layers);
    entries
        .filter(|entry| !elsewhere(&entry.media_type))
        .map(|entry| entry.digest)
        .collect()
}
