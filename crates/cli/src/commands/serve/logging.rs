//! The log of a registry: its format is fixed at the start, its level follows the configuration.

use std::sync::Arc;

use lazaret_registry::config::{Config, Log as Settings, LogFormat};
use tokio::sync::watch;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

use crate::failure::Failure;

/// The default level.
const LEVEL: &str = "warn";

/// A started log.
pub(super) struct Log {
    filter: Handle<EnvFilter, Registry>,
    /// The level that applies when the configuration has none: that of `--log`, or the default.
    level: String,
}

impl Log {
    /// Starts logging to standard error.
    ///
    /// # Errors
    /// When the level is not valid.
    pub(super) fn start(settings: &Settings, level: Option<&str>) -> Result<Self, Failure> {
        let level = level.unwrap_or(LEVEL).to_owned();
        let text = settings.level.as_deref().unwrap_or(&level);
        let filter = EnvFilter::try_new(text).map_err(|error| {
            Failure::usage_with(
                format!("the log level '{text}' cannot be understood: {error}"),
                "such as warn, info, debug",
            )
        })?;
        let (filter, handle) = reload::Layer::new(filter);
        let lines = fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(crate::settings::has_colors());
        let lines = match settings.format {
            LogFormat::Text => lines.with_target(false).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        // Fails only if another log exists, and none does.
        let _ = tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .try_init();
        Ok(Self {
            filter: handle,
            level,
        })
    }

    /// Changes the level whenever the configuration does.
    pub(super) async fn follow(self, mut config: watch::Receiver<Arc<Config>>) {
        while config.changed().await.is_ok() {
            let level = config.borrow_and_update().log.level.clone();
            let text = level.as_deref().unwrap_or(&self.level);
            match EnvFilter::try_new(text) {
                Ok(filter) => {
                    // Fails only when the log is gone, together with the process.
                    let _ = self.filter.reload(filter);
                }
                Err(error) => {
                    tracing::error!(%error, level = text, "the log level cannot be understood");
                }
            }
        }
    }
}
