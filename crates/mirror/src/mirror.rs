//! The mirror as a whole: its upstreams, its cache, and what is asked of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lazaret_content::{BlobStore, Database, StoredManifest};
use lazaret_oci::{Descriptor, Digest, Repository, Tag};

use crate::Error;
use crate::cache::{Fills, Store};
use crate::counts::Counts;
use crate::flights::Flights;
use crate::inspector::Inspector;
use crate::passage::Passage;
use crate::pipeline::{Asked, Resource};
use crate::places::{Address, Entry, Places};
use crate::settings::Settings;
use crate::swap_memory::Swaps;
use crate::upstream::{Identity, Upstream};

/// Longest wait for the upstream when an old answer is at hand.
const SHORT: Duration = Duration::from_secs(2);
/// Longest patience: no client waits for longer, and every clock can add it.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// Time after which a use is recorded again.
const USE: Duration = Duration::from_secs(60);
/// Most uses that are remembered.
const MOST_USES: usize = 16 * 1024;

/// A mirror over the stores of a registry.
pub struct Mirror {
    pub(crate) places: Places,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) size: Option<u64>,
    is_alone: bool,
    pub(crate) fills: Arc<Fills>,
    pub(crate) store: Store,
    pub(crate) inspector: Arc<dyn Inspector>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) swaps: Swaps,
    pub(crate) manifests: Flights<(Repository, String), StoredManifest>,
    pub(crate) tags: Flights<Repository, Arc<Vec<Tag>>>,
    pub(crate) referrers: Flights<(Repository, String), Arc<Vec<Descriptor>>>,
    uses: Mutex<HashMap<(Repository, Digest), Instant>>,
}

/// How long answers hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) patience: Duration,
    pub(crate) tag: Duration,
    pub(crate) absent: Duration,
    pub(crate) stale: Duration,
}

impl Mirror {
    /// Opens a mirror whose content is kept in these stores.
    ///
    /// # Errors
    /// [`Error::Files`] when the folder of unfinished blobs cannot be made.
    pub fn open(
        settings: Settings,
        objects: Arc<dyn BlobStore>,
        metadata: Arc<dyn Database>,
        inspector: Arc<dyn Inspector>,
        counts: Arc<Counts>,
    ) -> Result<Self, Error> {
        let store = Store::new(objects, metadata);
        let fills = Fills::open(&settings.folder, store.clone(), Arc::clone(&counts))?;
        let upstreams = settings.upstreams.into_iter().map(Upstream::new);
        Ok(Self {
            places: Places::new(upstreams.map(Arc::new).collect()),
            lifetimes: Lifetimes {
                patience: settings.patience.min(LONGEST_PATIENCE),
                tag: settings.tag_lifetime,
                absent: settings.absent_lifetime,
                stale: settings.stale_lifetime,
            },
            size: settings.size,
            is_alone: settings.is_alone,
            fills: Arc::new(fills),
            store,
            inspector,
            counts,
            swaps: Swaps::new(settings.platform),
            manifests: Flights::default(),
            tags: Flights::default(),
            referrers: Flights::default(),
            uses: Mutex::default(),
        })
    }

    /// Finds out for whom a request is.
    #[must_use]
    pub fn enter(&self, address: &Address<'_>) -> Entry {
        self.places.enter(address)
    }

    /// Whether a repository is an upstream's.
    #[must_use]
    pub fn has(&self, repository: &Repository) -> bool {
        self.places.of(repository).is_some()
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Whether a repository takes pushes: it is no upstream's, and there are such.
    #[must_use]
    pub fn takes_pushes(&self, repository: &Repository) -> bool {
        !self.is_alone && !self.has(repository)
    }

    /// The upstreams.
    #[must_use]
    pub fn upstreams(&self) -> &[Arc<Upstream>] {
        self.places.all()
    }

    /// Begins a request, if the settings permit it.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`] for a repository of no upstream.
    pub(crate) fn pass(
        &self,
        repository: &Repository,
        resource: Resource,
        asked: &Asked,
    ) -> Result<Passage, Error> {
        let Some((upstream, remote)) = self.places.of(repository) else {
            return Err(Error::NotFound {
                upstream: "this registry".to_owned(),
            });
        };
        let settings = &upstream.settings;
        let forbidden = |reason: String| Err(Error::Forbidden { reason });
        let fits = |patterns: &[lazaret_values::Pattern]| {
            patterns
                .iter()
                .any(|pattern| pattern.matches(remote.as_str()))
        };
        if !(settings.allowed.is_empty() || fits(&settings.allowed)) || fits(&settings.denied) {
            return forbidden(format!(
                "the repositories of {} that are mirrored do not include {remote}",
                settings.namespace
            ));
        }
        let name = resource.name();
        let tagged = asked.pipeline.as_ref();
        let tagged = tagged.and_then(|name| settings.tagged.get(name)?.lane(resource));
        let Some(lane) = tagged.or_else(|| settings.pipeline.lane(resource)) else {
            return forbidden(format!("{name} of {} are not mirrored", settings.namespace));
        };
        if !lane.methods.contains(&asked.method) {
            return forbidden(format!("{} of {name} is not mirrored", asked.method));
        }
        let lane = lane.clone();
        Ok(Passage {
            repository: repository.clone(),
            identity: match lane.is_identified() {
                true => Identity::Operator,
                false => Identity::Anonymous,
            },
            lane,
            remote,
            upstream,
            deadline: tokio::time::Instant::now() + self.lifetimes.patience,
        })
    }

    /// Does work within the time that the client of a passage still waits. What is under way goes on.
    ///
    /// # Errors
    /// Those of the work; [`Error::Unavailable`] when the time is over.
    pub(crate) async fn in_time<T>(
        &self,
        passage: &Passage,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        within(self.lifetimes.patience, passage, passage.deadline, work).await
    }

    /// Does work within the time that a client waits for something that is kept, too.
    ///
    /// # Errors
    /// As [`Self::in_time`].
    pub(crate) async fn in_short_time<T>(
        &self,
        passage: &Passage,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let limit = self.lifetimes.patience.min(SHORT);
        let soon = tokio::time::Instant::now() + limit;
        within(limit, passage, passage.deadline.min(soon), work).await
    }

    /// Has the next use of a manifest recorded: it was stored anew, perhaps after it was evicted.
    pub(crate) fn stored_anew(&self, repository: &Repository, digest: &Digest) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.remove(&(repository.clone(), digest.clone()));
    }

    /// Records that a client asked for a manifest, now and then.
    pub(crate) async fn used(&self, repository: &Repository, digest: &Digest) {
        let key = (repository.clone(), digest.clone());
        let is_due = {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            if uses.len() >= MOST_USES {
                uses.retain(|_, then| then.elapsed() < USE);
            }
            let known = uses.get(&key).is_some_and(|then| then.elapsed() < USE);
            if !known && uses.len() < MOST_USES {
                uses.insert(key, Instant::now());
            }
            !known
        };
        if is_due && let Err(error) = self.store.metadata.record_use(repository, digest).await {
            tracing::warn!(%error, %repository, %digest, "a use was not recorded");
        }
    }
}

/// Does work until a deadline, which is `limit` after its beginning.
async fn within<T>(
    limit: Duration,
    passage: &Passage,
    deadline: tokio::time::Instant,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout_at(deadline, work)
        .await
        .unwrap_or_else(|_| {
            Err(Error::Unavailable {
                upstream: passage.upstream.settings.namespace.clone(),
                reason: format!("no answer within {limit:?}"),
                retry_after: Duration::from_secs(5),
                is_rate_limited: false,
            })
        })
}
