//! Counts what the mirror does, for the registry's measurements.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Method};
use lazaret_client::Observer;

/// The kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// From the store, without asking the upstream.
    Hit,
    /// Fetched for this request or one at the same time.
    Miss,
    /// From the store, although it is old, because the upstream did not answer.
    Stale,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    received: AtomicU64,
    evicted: AtomicU64,
    /// Requests to each upstream, by status; status 0 stands for no answer.
    asked: Mutex<BTreeMap<(String, u16), u64>>,
    /// The rest of an upstream's limit of requests, as it last said.
    remaining: Mutex<BTreeMap<String, u64>>,
}

/// The numbers of [`Counts`] at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Answers from the store.
    pub hits: u64,
    /// Answers that were fetched.
    pub misses: u64,
    /// Old answers from the store.
    pub stale: u64,
    /// Bytes of blobs that came from upstreams.
    pub received: u64,
    /// Images that were evicted.
    pub evicted: u64,
    /// Requests to each upstream, by namespace and status; 0 stands for no answer.
    pub asked: BTreeMap<(String, u16), u64>,
    /// The rest of each upstream's limit of requests.
    pub remaining: BTreeMap<String, u64>,
}

impl Counts {
    pub(crate) fn add(&self, served: Served) {
        let counter = match served {
            Served::Hit => &self.hits,
            Served::Miss => &self.misses,
            Served::Stale => &self.stale,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_evicted(&self) {
        self.evicted.fetch_add(1, Ordering::Relaxed);
    }

    /// Watches the requests to an upstream.
    #[must_use]
    pub fn watch(self: &Arc<Self>, namespace: &str) -> Arc<dyn Observer> {
        Arc::new(Watch {
            namespace: namespace.to_owned(),
            counts: Arc::clone(self),
        })
    }

    fn add_asked(&self, namespace: &str, status: u16) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked.entry((namespace.to_owned(), status)).or_default() += 1;
    }

    fn set_remaining(&self, namespace: &str, remaining: u64) {
        let mut all = self
            .remaining
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.insert(namespace.to_owned(), remaining);
    }

    /// The current numbers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            hits: load(&self.hits),
            misses: load(&self.misses),
            stale: load(&self.stale),
            received: load(&self.received),
            evicted: load(&self.evicted),
            asked: self
                .asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            remaining: self
                .remaining
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// Counts the requests of one upstream's clients.
#[derive(Debug)]
struct Watch {
    namespace: String,
    counts: Arc<Counts>,
}

impl Observer for Watch {
    fn answered(&self, _: &str, _: &Method, status: u16, headers: &HeaderMap) {
        self.counts.add_asked(&self.namespace, status);
        // Docker Hub's form is `76;w=21600`.
        let remaining = headers
            .get("ratelimit-remaining")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split(';').next()?.trim().parse().ok());
        if let Some(remaining) = remaining {
            self.counts.set_remaining(&self.namespace, remaining);
        }
    }

    fn failed(&self, _: &str) {
        self.counts.add_asked(&self.namespace, 0);
    }
}
