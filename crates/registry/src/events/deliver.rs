//! Delivers events to each target independently, with growing pauses while it fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::StreamExt as _;
use lazaret_content::{Event, Outbox};
use lazaret_values::{Chain, Secret, hex};
use ring::hmac;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::target::Target;
use crate::http_client::HttpClient;
use crate::named_file::read_secret;
use crate::telemetry::metrics::{Metrics, Outcome};

/// Time between checks of the outbox without a wake-up: other replicas add events too.
const LOOK: Duration = Duration::from_secs(5);
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Time that a delivery may take beyond its timeout.
const MARGIN: Duration = Duration::from_secs(5);
/// Header with the signature of an event: `t=<Unix time>,v1=<HMAC-SHA256 of "<Unix time>.<body>",
/// hex>`.
const SIGNATURE: &str = "x-lazaret-signature";

/// Everything that a delivery needs.
pub(super) struct Deliverer {
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) client: HttpClient,
    pub(super) targets: watch::Receiver<Arc<[Target]>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) wake: Arc<Notify>,
}

impl Deliverer {
    /// Runs one task for each target, and follows changes of the targets.
    pub(super) async fn run(self) {
        let this = Arc::new(self);
        let mut changes = this.targets.clone();
        let mut running: HashMap<String, (Target, tokio::task::AbortHandle)> = HashMap::new();
        let mut tasks = JoinSet::new();
        loop {
            let wanted = Arc::clone(&changes.borrow_and_update());
            running.retain(|name, (target, task)| {
                let stays = wanted
                    .iter()
                    .any(|other| other.name == *name && other == target);
                if !stays {
                    task.abort();
                }
                stays
            });
            for target in wanted.iter() {
                running.entry(target.name.clone()).or_insert_with(|| {
                    let task = tasks.spawn(Arc::clone(&this).serve(target.clone()));
                    (target.clone(), task)
                });
            }
            // The sender is gone, so the targets cannot change any more.
            if changes.changed().await.is_err() {
                while tasks.join_next().await.is_some() {}
                return;
            }
        }
    }

    /// Delivers events to one target for ever.
    async fn serve(self: Arc<Self>, target: Target) {
        let mut failures = 0_u32;
        loop {
            let woken = self.wake.notified();
            match self.round(&target, failures).await {
                Some(true) => failures = 0,
                Some(false) => failures = failures.saturating_add(1),
                None => {
                    // Nothing was due; wait for a wake-up or the next check.
                    let _ = tokio::time::timeout(LOOK, woken).await;
                    continue;
                }
            }
            if failures > 0 {
                tokio::time::sleep(pause(failures)).await;
            }
        }
    }

    /// Delivers the events that are due. `None` when there are none, else whether all were
    /// accepted.
    async fn round(&self, target: &Target, failures: u32) -> Option<bool> {
        let now = SystemTime::now();
        let hidden = (target.timeout + MARGIN).max(pause(failures + 1));
        let concurrency = usize::from(target.concurrency.clamp(1, 4));
        let due = self
            .outbox
            .take_events(&target.name, now, now + hidden, concurrency)
            .await;
        let due = match due {
            Ok(due) if due.is_empty() => return None,
            Ok(due) => due,
            Err(error) => {
                let error = Chain(&error).to_string();
                tracing::warn!(error, "failed to look for events");
                return Some(false);
            }
        };
        let all = futures_util::stream::iter(due)
            .map(|event| self.deliver(target, event))
            .buffered(concurrency)
            .fold(true, |all, one| async move { all && one })
            .await;
        Some(all)
    }

    async fn deliver(&self, target: &Target, event: Event) -> bool {
        let outcome = self.send(target, &event).await;
        if let Err(error) = &outcome {
            let age = event.created.elapsed().unwrap_or_default();
            let limit = target.give_up_after;
            let (target, event_id, attempts) = (&target.name, &event.id, event.attempts);
            if age < limit {
                self.metrics.delivered(Outcome::Failure);
                tracing::warn!(
                    target,
                    event = event_id,
                    attempts,
                    error,
                    "failed to deliver an event"
                );
                return false;
            }
            self.metrics.delivered(Outcome::GivenUp);
            tracing::error!(
                target,
                event = event_id,
                attempts,
                error,
                body = event.body,
                "gave an event up"
            );
        } else {
            self.metrics.delivered(Outcome::Success);
        }
        if let Err(error) = self.outbox.delivered(&event.id).await {
            let error = Chain(&error).to_string();
            tracing::warn!(
                error,
                event = event.id,
                "failed to forget a delivered event"
            );
        }
        outcome.is_ok()
    }

    async fn send(&self, target: &Target, event: &Event) -> Result<(), String> {
        let mut headers = vec![(
            "content-type",
            "application/cloudevents+json; charset=utf-8",
        )];
        let signature;
        if let Some(file) = &target.secret_file {
            let secret = read_secret(file)
                .map_err(|error| format!("failed to read '{}': {error}", file.display()))?;
            signature = sign(&secret, SystemTime::now(), &event.body);
            headers.push((SIGNATURE, &signature));
        }
        let body = Bytes::from(event.body.clone());
        self.client
            .post(&target.url, &headers, body, target.timeout)
            .await
            .map_err(|error| Chain(&error).to_string())
    }
}

/// The pause after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    FIRST_PAUSE
        .checked_mul(doubled)
        .map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

fn sign(secret: &Secret, time: SystemTime, body: &str) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", hex(tag.as_ref()))
}
