//! Events: others are told what happens, by CloudEvents 1.0, delivered at least once.
//!
//! ```text
//! push, delete --enqueue--> outbox --answer--> client
//! pull --bounded queue, may be lost--> outbox
//! outbox --take, hidden from other replicas--> deliver --2xx--> forgotten
//!   ^--------------- lease over <-- failed ------/ \--too old--> given up, in the log
//! ```
//! The room decides nothing about requests: `service` says what happened once it did. Targets
//! come from `instance`; measurements and traces, which may be lost, are in `telemetry`.

mod deliver;
mod document;
mod target;
#[cfg(test)]
mod tests;

pub(crate) use document::Happening;
pub(crate) use target::{Kind, Target};

use std::sync::Arc;
use std::time::SystemTime;

use lazaret_content::{Event, Outbox, UploadId};
use lazaret_values::Chain;
use tokio::sync::{Notify, mpsc, watch};

use crate::http_client::HttpClient;
use crate::telemetry::Metrics;

/// Pulls that wait to be kept; more are lost.
const PULLS: usize = 1024;

/// Takes what happens.
#[derive(Clone)]
pub(crate) struct Events {
    outbox: Arc<dyn Outbox>,
    targets: watch::Receiver<Arc<[Target]>>,
    metrics: Arc<Metrics>,
    pulls: mpsc::Sender<Vec<Event>>,
    wake: Arc<Notify>,
}

impl Events {
    /// Takes what happens, and the task that keeps pulls and delivers everything.
    pub(crate) fn start(
        outbox: Arc<dyn Outbox>,
        client: HttpClient,
        targets: watch::Receiver<Arc<[Target]>>,
        metrics: Arc<Metrics>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (pulls, receiver) = mpsc::channel(PULLS);
        let events = Self {
            outbox,
            targets,
            metrics,
            pulls,
            wake: Arc::new(Notify::new()),
        };
        let task = {
            let keeper = keep(
                receiver,
                Arc::clone(&events.outbox),
                Arc::clone(&events.wake),
            );
            let deliverer = deliver::Deliverer {
                outbox: Arc::clone(&events.outbox),
                client,
                targets: events.targets.clone(),
                metrics: Arc::clone(&events.metrics),
                wake: Arc::clone(&events.wake),
            };
            async move {
                tokio::join!(keeper, deliverer.run());
            }
        };
        (events, task)
    }

    /// Keeps what happened for everybody who is to be told. When it returns, it is durable;
    /// pulls are kept later, or lost when there are too many.
    ///
    /// # Errors
    /// Fails when the outbox takes nothing.
    pub(crate) async fn tell(&self, what: &Happening<'_>) -> Result<(), lazaret_content::Error> {
        let events = self.addressed(what);
        if events.is_empty() {
            return Ok(());
        }
        if what.kind == Kind::ManifestPulled {
            if self.pulls.try_send(events).is_err() {
                self.metrics.event_lost();
            }
            return Ok(());
        }
        for event in &events {
            self.outbox.enqueue(event).await?;
        }
        self.wake.notify_waiters();
        Ok(())
    }

    /// One event for each target.
    fn addressed(&self, what: &Happening<'_>) -> Vec<Event> {
        let targets = Arc::clone(&self.targets.borrow());
        let wants = |target: &&Target| target.wants(what.kind, what.repository);
        let targets: Vec<&Target> = targets.iter().filter(wants).collect();
        if targets.is_empty() {
            return Vec::new();
        }
        let created = SystemTime::now();
        let id = UploadId::random().to_string();
        let body = what.document(&id, created).to_string();
        targets
            .into_iter()
            .enumerate()
            .map(|(index, target)| Event {
                id: format!("{id}.{index}"),
                target: target.name.clone(),
                body: body.clone(),
                attempts: 0,
                created,
            })
            .collect()
    }
}

/// Keeps pulls, away from the requests.
async fn keep(mut pulls: mpsc::Receiver<Vec<Event>>, outbox: Arc<dyn Outbox>, wake: Arc<Notify>) {
    while let Some(events) = pulls.recv().await {
        for event in &events {
            if let Err(error) = outbox.enqueue(event).await {
                let error = Chain(&error).to_string();
                tracing::warn!(error, "failed to keep the event of a pull");
            }
        }
        wake.notify_waiters();
    }
}
