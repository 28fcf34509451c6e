//! What it takes to run a registry: reload, health, measurements, traces, events, one line a
//! request in the log.

mod health;
pub(crate) mod metrics;
mod observe;
mod process;
pub(crate) mod trace;

pub(crate) use health::Health;
pub(crate) use metrics::Metrics;
pub(crate) use observe::Observation;
pub(crate) use trace::Traces;

use std::sync::Arc;

use lazaret_oci::MAX_MANIFEST_BYTES;
use tokio::sync::watch;

use crate::config::Config;
use crate::events::Events;
use crate::message::body::Pace;

/// What a registry's requests share with those who run it.
pub(crate) struct Operations {
    pub(crate) config: watch::Receiver<Arc<Config>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Health,
    pub(crate) events: Option<Events>,
    pub(crate) traces: Option<Traces>,
}

impl Default for Operations {
    /// Of a registry that nobody watches.
    fn default() -> Self {
        Self {
            // The receiver goes on without its sender; it only never changes.
            config: watch::Sender::new(Arc::default()).subscribe(),
            metrics: Arc::default(),
            health: Health::default(),
            events: None,
            traces: None,
        }
    }
}

impl Operations {
    /// The configuration of this moment.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.borrow())
    }

    /// Bytes of the largest manifest.
    pub(crate) fn manifest_limit(&self) -> usize {
        let limit = self.config.borrow().limits.manifest_bytes.0;
        usize::try_from(limit).map_or(MAX_MANIFEST_BYTES, |limit| limit.min(MAX_MANIFEST_BYTES))
    }

    /// How slow clients may send.
    pub(crate) fn pace(&self) -> Pace {
        let config = self.config.borrow();
        Pace {
            silence: config.limits.body_timeout.duration(),
            rate: config.limits.minimum_transfer_rate.0,
            window: config.limits.transfer_window.duration(),
        }
    }

    pub(crate) fn sample_ratio(&self) -> f64 {
        match &self.traces {
            Some(_) => self.config.borrow().tracing.sample_ratio,
            None => 0.0,
        }
    }
}
