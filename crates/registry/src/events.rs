//! Events: notifies webhooks of pushes, pulls and deletions with CloudEvents 1.0, at least once.
//!
//! ```text
//! push, delete --enqueue--> outbox --answer--> client
//! pull --bounded queue, may be lost--> outbox
//! outbox --take, hidden from other replicas--> deliver --2xx--> forgotten
//!   ^--------------- lease over <-- failed ------/ \--too old--> given up, in the log
//! ```
//! This module decides nothing about requests: `service` reports what has happened. Targets come
//! from `instance`. Measurements and traces, which may be lost, are in `telemetry`.

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

/// Largest number of pull events that wait to be stored; further ones are lost.
const PULLS: usize = 1024;

/// Accepts events.
#[derive(Clone)]
pub(crate) struct Events {
    outbox: Arc<dyn Outbox>,
    targets: watch::Receiver<Arc<[Target]>>,
    metrics: Arc<Metrics>,
    pulls: mpsc::Sender<Vec<Event>>,
    wake: Arc<Notify>,
}

impl Events {
    /// Makes the value that accepts events, and the task that stores pulls and delivers everything.
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

    /// Stores an event for every target that wants it. It is durable when this returns, except
    /// pulls: they are stored later, or lost when there are too many.
    ///
    /// # Errors
    /// Fails when the outbox cannot store it.
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

    /// The event for each target that wants it.
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

/// Stores pull events, so that their requests do not wait.
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
