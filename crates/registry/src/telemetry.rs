//! Telemetry for operators: measurements, health, traces, and one log line per request.
//!
//! This module only observes: nothing here changes a response, and no measurement has a label that
//! a client chose. It reads no settings (`instance` passes them down). Events, whose delivery is
//! guaranteed, are in `events`.

mod health;
pub(crate) mod metrics;
mod mirrored;
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

/// Everything that observes the requests of one instance.
pub(crate) struct Telemetry {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Health,
    /// The queue of spans; `None` when there is no collector.
    pub(crate) traces: Option<Traces>,
}

impl Telemetry {
    /// Begins to observe a request. `class` is the class of its path.
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
