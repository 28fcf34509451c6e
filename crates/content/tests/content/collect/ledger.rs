//! Records what clients were promised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use lazaret_content::{Clock as _, NewManifest};
use lazaret_oci::{Digest, Repository, Tag};

use super::world::{GRACE, VirtualClock};

/// The acknowledged manifests that no client deleted, and the tags that point to them.
pub(super) struct Ledger {
    clock: Arc<VirtualClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    manifests: BTreeMap<(Repository, Digest), Promise>,
    tags: BTreeMap<(Repository, Tag), Digest>,
    unlinked: BTreeSet<(Repository, Digest)>,
}

/// A manifest that was acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) blobs: BTreeSet<Digest>,
    manifests: BTreeSet<Digest>,
    subject: Option<Digest>,
    pushed: SystemTime,
}

impl Ledger {
    pub(super) fn new(clock: Arc<VirtualClock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn acknowledged(&self, repository: &Repository, manifest: &NewManifest) {
        let mut state = self.state();
        for tag in &manifest.tags {
            let key = (repository.clone(), tag.clone());
            state.tags.insert(key, manifest.digest.clone());
        }
        let promise = Promise {
            blobs: manifest.blobs.iter().cloned().collect(),
            manifests: manifest.manifests.iter().cloned().collect(),
            subject: manifest.referrer.as_ref().map(|r| r.subject.clone()),
            pushed: self.clock.now(),
        };
        let key = (repository.clone(), manifest.digest.clone());
        state.manifests.insert(key, promise);
    }

    pub(super) fn deleted(&self, repository: &Repository, digest: &Digest) {
        let mut state = self.state();
        state
            .manifests
            .remove(&(repository.clone(), digest.clone()));
        state
            .tags
            .retain(|(name, _), to| name != repository || to != digest);
    }

    pub(super) fn untagged(&self, repository: &Repository, tag: &Tag) {
        self.state().tags.remove(&(repository.clone(), tag.clone()));
    }

    /// Retention deleted a tag: it must still have pointed where it did when that was decided.
    pub(super) fn expired(&self, repository: &Repository, tag: &Tag, digest: &Digest) {
        let key = (repository.clone(), tag.clone());
        let pointed = self.state().tags.remove(&key);
        assert!(pointed.is_none_or(|pointed| pointed == *digest));
    }

    pub(super) fn unlinked(&self, repository: &Repository, blob: &Digest) {
        self.state()
            .unlinked
            .insert((repository.clone(), blob.clone()));
    }

    /// Whether a client removed the blob from the repository on purpose.
    pub(super) fn was_unlinked(&self, repository: &Repository, blob: &Digest) -> bool {
        let key = (repository.clone(), blob.clone());
        self.state().unlinked.contains(&key)
    }

    /// Retention deleted a manifest: that must have been right at this moment.
    pub(super) fn collected(&self, repository: &Repository, digest: &Digest) {
        let mut state = self.state();
        let key = (repository.clone(), digest.clone());
        let Some(promise) = state.manifests.remove(&key) else {
            return;
        };
        let here = |(name, _): &&(Repository, Digest)| name == repository;
        let tagged = state
            .tags
            .iter()
            .any(|((name, _), to)| name == repository && to == digest);
        assert!(!tagged, "a tagged manifest was collected");
        let old = self.clock.now() >= promise.pushed + GRACE;
        assert!(old, "a manifest was collected within the grace");
        let mut others = state.manifests.iter().filter(|(key, _)| here(key));
        let named = others.any(|(_, other)| other.manifests.contains(digest));
        assert!(!named, "a manifest of an index was collected");
        let subject = promise.subject.map(|subject| (repository.clone(), subject));
        let held = subject.is_some_and(|subject| state.manifests.contains_key(&subject));
        assert!(!held, "a referrer was collected while its subject is there");
    }

    pub(super) fn manifests(&self) -> BTreeMap<(Repository, Digest), Promise> {
        self.state().manifests.clone()
    }

    pub(super) fn tags(&self) -> BTreeMap<(Repository, Tag), Digest> {
        self.state().tags.clone()
    }
}
