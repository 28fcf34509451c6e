//! Telemetry for those who run a registry: measurements, health, traces, one line a request in
//! the log.
//!
//! The room only watches: nothing here changes what a client is answered, and no measurement
//! has a label that a client chose. It reads no settings (`instance` hands them down); events,
//! which are promised to be delivered, are in `events`.

mod health;
pub(crate) mod metrics;
mod observe;
mod process;
pub(crate) mod trace;

pub(crate) use health::Health;
pub(crate) use metrics::Metrics;
pub(crate) use observe::Observation;
pub(crate) use trace::{Export, Traces};

use std::sync::Arc;

use http::request::Parts;

use crate::act::Class;
use crate::server::Peer;

/// Everything that watches the requests of one instance.
pub(crate) struct Telemetry {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Health,
    /// The queue of spans; absent when nobody collects them.
    pub(crate) traces: Option<Traces>,
}

impl Telemetry {
    /// Begins to watch a request. `class` says what its path names.
    pub(crate) fn observe(
        &self,
        peer: &Arc<Peer>,
        head: &Parts,
        request: String,
        class: Class,
    ) -> Observation {
        let (metrics, traces) = (Arc::clone(&self.metrics), self.traces.clone());
        Observation::new(metrics, traces, peer, head, request, class)
    }
}
