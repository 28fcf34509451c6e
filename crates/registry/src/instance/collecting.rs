//! Collects unused content at the configured interval.

use std::sync::Arc;

use lazaret_content::SystemClock;
use lazaret_content::collect::Collector;
use lazaret_values::Chain;
use tokio::sync::watch;

use super::settings;
use crate::config::Config;
use crate::stores::Stores;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Outcome;

/// Runs a collection at every interval, with the settings that are valid at that time.
pub(super) async fn collect(
    stores: Stores,
    metrics: Arc<Metrics>,
    mut config: watch::Receiver<Arc<Config>>,
) {
    loop {
        let interval = config.borrow_and_update().collection.interval.duration();
        if interval.is_zero() {
            if config.changed().await.is_err() {
                return;
            }
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            changed = config.changed() => {
                // A changed interval counts from now on.
                if changed.is_ok() && config.borrow().collection.interval.duration() != interval {
                    continue;
                }
                tokio::time::sleep(interval).await;
            }
        }
        let (settings, retention) = settings::collection(&config.borrow());
        let collector = Collector::new(
            Arc::clone(&stores.metadata),
            Arc::clone(&stores.objects),
            Arc::new(SystemClock),
            settings,
            retention,
        );
        match collector.run(&mut |_, _| {}).await {
            Ok(report) => {
                metrics.collected(Outcome::Success, report.objects, report.bytes_reclaimed);
                tracing::info!(?report, "collected unused content");
            }
            Err(error) => {
                metrics.collected(Outcome::Failure, 0, 0);
                tracing::error!(
                    error = Chain(&error).to_string(),
                    "failed to collect unused content"
                );
            }
        }
    }
}
