//! The plain values that running parts read, and that a reload replaces.

use std::sync::Arc;

use tokio::sync::watch;

use super::settings;
use crate::config::Config;
use crate::events::Target;
use crate::server::ConnectionLimits;
use crate::telemetry::Export;

/// Senders of the values that may change while an instance runs.
pub(super) struct Live {
    pub(super) config: watch::Sender<Arc<Config>>,
    pub(super) limits: watch::Sender<ConnectionLimits>,
    pub(super) targets: watch::Sender<Arc<[Target]>>,
    pub(super) export: watch::Sender<Arc<Export>>,
}

impl Live {
    /// The values of an instance's first settings.
    pub(super) fn new(config: Config) -> Self {
        Self {
            limits: watch::Sender::new(settings::connection_limits(&config)),
            targets: watch::Sender::new(settings::targets(&config)),
            export: watch::Sender::new(Arc::new(settings::export(&config))),
            config: watch::Sender::new(Arc::new(config)),
        }
    }

    /// Replaces the values by those of new settings. Watchers of the configuration itself are
    /// notified last.
    pub(super) fn replace(&self, config: &Arc<Config>) {
        self.limits
            .send_replace(settings::connection_limits(config));
        self.targets.send_replace(settings::targets(config));
        self.export.send_replace(Arc::new(settings::export(config)));
        self.config.send_replace(Arc::clone(config));
    }
}
