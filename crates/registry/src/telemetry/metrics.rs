//! Measurements for Prometheus. No label has a value that clients choose: repositories, users and
//! addresses are never among them.

use std::sync::Arc;
use std::time::Duration;

use lazaret_mirror::Counts;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::mirrored::Mirrored;
use super::process;

/// `Content-Type` of [`Metrics::render`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The labels of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    /// The class of the path.
    class: &'static str,
    method: &'static str,
    status: u16,
}

/// The labels that do not depend on the response.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    class: &'static str,
    method: &'static str,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Outcome {
    /// It succeeded.
    Success,
    /// It failed, and may be tried again.
    Failure,
    /// It failed for good.
    GivenUp,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: Outcome,
}

/// The kind of content that a request transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Content {
    /// A manifest.
    Manifest,
    /// A blob.
    Blob,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: Content,
}

/// All measurements of a process.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
    in_flight: Family<Route, Gauge>,
    received: Counter,
    sent: Counter,
    pushes: Family<Kind, Counter>,
    pulls: Family<Kind, Counter>,
    deliveries: Family<Ended, Counter>,
    events_waiting: Gauge,
    events_lost: Counter,
    storage_full: Gauge,
    reloads: Family<Ended, Counter>,
    collections: Family<Ended, Counter>,
    collected_bytes: Counter,
    collected_objects: Counter,
    metadata_seconds: Histogram,
    process: process::Gauges,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.000_5, 3.0, 12))
            }),
            in_flight: Family::default(),
            received: Counter::default(),
            sent: Counter::default(),
            pushes: Family::default(),
            pulls: Family::default(),
            deliveries: Family::default(),
            events_waiting: Gauge::default(),
            events_lost: Counter::default(),
            storage_full: Gauge::default(),
            reloads: Family::default(),
            collections: Family::default(),
            collected_bytes: Counter::default(),
            collected_objects: Counter::default(),
            metadata_seconds: Histogram::new(exponential_buckets(0.000_25, 3.0, 10)),
            process: process::Gauges::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// Measurements with those of a mirror.
    pub(crate) fn with_mirror(counts: Arc<Counts>) -> Self {
        let mut metrics = Self::default();
        let registry = &mut metrics.registry;
        registry
            .sub_registry_with_prefix("lazaret")
            .register_collector(Box::new(Mirrored(counts)));
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        self.process.register(registry);
        let registry = registry.sub_registry_with_prefix("lazaret");
        registry.register(
            "http_requests",
            "Requests by what their path names",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From the head of a request to the end of its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests under way",
            self.in_flight.clone(),
        );
        registry.register_with_unit(
            "http_received",
            "Content of requests",
            Unit::Bytes,
            self.received.clone(),
        );
        registry.register_with_unit(
            "http_sent",
            "Content of answers",
            Unit::Bytes,
            self.sent.clone(),
        );
        registry.register(
            "pushes",
            "Manifests and blobs that came in",
            self.pushes.clone(),
        );
        registry.register(
            "pulls",
            "Manifests and blobs that went out, not counting HEAD",
            self.pulls.clone(),
        );
        registry.register(
            "event_deliveries",
            "Attempts to deliver an event",
            self.deliveries.clone(),
        );
        registry.register(
            "events_waiting",
            "Events that are to be delivered",
            self.events_waiting.clone(),
        );
        registry.register(
            "events_lost",
            "Events of pulls that nobody had time to keep",
            self.events_lost.clone(),
        );
        registry.register(
            "storage_full",
            "1 when there is no room for more content, else 0",
            self.storage_full.clone(),
        );
        registry.register(
            "config_reloads",
            "Attempts to read the configuration again",
            self.reloads.clone(),
        );
        registry.register(
            "collections",
            "Collections of unused content",
            self.collections.clone(),
        );
        registry.register_with_unit(
            "collected",
            "Content that collection freed",
            Unit::Bytes,
            self.collected_bytes.clone(),
        );
        registry.register(
            "collected_objects",
            "Objects that collection deleted",
            self.collected_objects.clone(),
        );
        registry.register_with_unit(
            "metadata_ping_duration",
            "Time that the metadata takes for the smallest question",
            Unit::Seconds,
            self.metadata_seconds.clone(),
        );
    }

    /// Counts a request that has arrived.
    pub(crate) fn begun(&self, class: &'static str, method: &'static str) {
        self.in_flight.get_or_create(&Route { class, method }).inc();
    }

    /// Counts a request whose response was sent or given up.
    pub(crate) fn ended(
        &self,
        class: &'static str,
        method: &'static str,
        status: u16,
        took: Duration,
        bytes: u64,
    ) {
        let route = Route { class, method };
        self.in_flight.get_or_create(&route).dec();
        self.durations
            .get_or_create(&route)
            .observe(took.as_secs_f64());
        self.requests
            .get_or_create(&Request {
                class,
                method,
                status,
            })
            .inc();
        self.sent.inc_by(bytes);
    }

    /// The counter of the bytes of request bodies.
    pub(crate) fn received(&self) -> Counter {
        self.received.clone()
    }

    pub(crate) fn pushed(&self, kind: Content) {
        self.pushes.get_or_create(&Kind { kind }).inc();
    }

    pub(crate) fn pulled(&self, kind: Content) {
        self.pulls.get_or_create(&Kind { kind }).inc();
    }

    pub(crate) fn delivered(&self, outcome: Outcome) {
        self.deliveries.get_or_create(&Ended { outcome }).inc();
    }

    pub(crate) fn event_lost(&self) {
        self.events_lost.inc();
    }

    pub(crate) fn events_waiting(&self, count: u64) {
        self.events_waiting
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn storage_full(&self, is_full: bool) {
        self.storage_full.set(i64::from(is_full));
    }

    pub(crate) fn reloaded(&self, outcome: Outcome) {
        self.reloads.get_or_create(&Ended { outcome }).inc();
    }

    /// Counts a collection, with the objects and bytes that it freed.
    pub(crate) fn collected(&self, outcome: Outcome, objects: u64, bytes: u64) {
        self.collections.get_or_create(&Ended { outcome }).inc();
        self.collected_objects.inc_by(objects);
        self.collected_bytes.inc_by(bytes);
    }

    pub(crate) fn metadata_answered(&self, took: Duration) {
        self.metadata_seconds.observe(took.as_secs_f64());
    }

    /// All measurements, as text.
    pub(crate) fn render(&self) -> String {
        self.process.update();
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(error) => {
                tracing::error!(%error, "failed to write the measurements");
                String::new()
            }
        }
    }
}
