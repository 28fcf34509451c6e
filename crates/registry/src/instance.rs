//! A registry as its configuration describes it, from the first file read to the last request.

mod notify;
mod reload;
mod stores;
#[cfg(test)]
mod tests;

pub use notify::{Notifier, State};
pub use reload::Source;
pub use stores::Stores;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use lazaret_content::collect::Collector;
use lazaret_content::{BoxFuture, SystemClock};
use lazaret_values::Chain;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::Error;
use crate::config::{Config, Fault};
use crate::events::Events;
use crate::http_client::HttpClient;
use crate::message::answer::{self, Body};
use crate::probes as probe;
use crate::registry::Registry;
use crate::server::tls::Certificates;
use crate::server::{self, Handler, Listeners};
use crate::telemetry::metrics::{Metrics, Outcome};
use crate::telemetry::{Health, Operations, Traces};
use lazaret_auth::{Context, Gate};
use reload::Reloader;

/// How often files are looked at for changes.
const LOOK: Duration = Duration::from_secs(2);

/// What the system tells a running registry.
pub struct Signals {
    /// Resolves when it has to stop.
    pub stop: BoxFuture<'static, ()>,
    /// Says to read the configuration again.
    pub reload: mpsc::Receiver<()>,
    /// Told what goes on.
    pub notifier: Notifier,
}

/// A registry that listens and is about to serve.
pub struct Instance {
    registry: Registry,
    listeners: Listeners,
    metrics_listener: Option<Listeners>,
    reloader: Reloader,
    tasks: Vec<BoxFuture<'static, ()>>,
    warnings: Vec<Fault>,
}

impl Instance {
    /// Opens the stores and listens.
    ///
    /// # Errors
    /// Settings that are wrong, stores that are out of reach, addresses that are taken.
    pub async fn open(source: Source) -> Result<Self, Error> {
        let (config, warnings) = source.read()?;
        let certificates = config.tls.as_ref().map(Certificates::new).transpose()?;
        let objects = stores::objects(&config, &source.root)?;
        let metadata = stores::metadata(&config, &source.root).await?;
        let context = Context {
            keys: Some(Arc::clone(&metadata) as _),
            folder: Some(stores::root(&config, &source.root).to_owned()),
            clock: Arc::new(SystemClock),
        };
        let rates = reload::rates(&config);
        let gate = Gate::open(&config.auth, config.access.clone(), rates, context)?;
        let policy = stores::policy(&config)?;
        let listeners = Listeners::bind(&config.listen).await?;
        let metrics_listener = match config.metrics.listen {
            Some(address) if config.metrics.enabled => Some(Listeners::bind(&[address]).await?),
            _ => None,
        };
        let seen = reload::marks(&source, &config);
        let sender = watch::Sender::new(Arc::new(config));
        let metrics = Arc::new(Metrics::default());
        let client = HttpClient::new();
        let mut tasks: Vec<BoxFuture<'static, ()>> = Vec::new();
        // Without any webhook there may be one after the next reload.
        let (events, task) = Events::start(
            Arc::clone(&metadata) as _,
            client.clone(),
            sender.subscribe(),
            Arc::clone(&metrics),
        );
        tasks.push(Box::pin(task));
        let is_traced = sender.borrow().tracing.endpoint.is_some();
        let traces = is_traced.then(|| {
            let (traces, task) = Traces::start(client, sender.subscribe());
            tasks.push(Box::pin(task));
            traces
        });
        let operations = Operations {
            config: sender.subscribe(),
            metrics: Arc::clone(&metrics),
            health: Health::default(),
            events: Some(events),
            traces,
        };
        let registry = Registry::over(objects, metadata).with_operations(operations);
        registry.set_policy(policy);
        registry.set_gate(gate);
        tasks.push(Box::pin(collect(registry.clone(), sender.subscribe())));
        Ok(Self {
            reloader: Reloader {
                source,
                registry: registry.clone(),
                config: sender,
                certificates,
                metrics,
                seen,
            },
            registry,
            listeners,
            metrics_listener,
            tasks,
            warnings,
        })
    }

    /// What is doubtful in the configuration.
    #[must_use]
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// Where it listens, with the ports that were taken: `https://127.0.0.1:5000`.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let scheme = match self.reloader.certificates {
            Some(_) => "https",
            None => "http",
        };
        let addresses = self.listeners.addresses();
        addresses
            .map(|address| format!("{scheme}://{address}"))
            .collect()
    }

    /// Where the measurements are, if they have an address of their own.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref()?.addresses().next()
    }

    /// The configuration, now and after each reload.
    #[must_use]
    pub fn configuration(&self) -> watch::Receiver<Arc<Config>> {
        self.reloader.config.subscribe()
    }

    /// Serves until it is told to stop, then finishes the requests under way.
    pub async fn serve(self, signals: Signals) {
        let Signals {
            stop,
            reload,
            notifier,
        } = signals;
        let registry = self.registry;
        let config = self.reloader.config.subscribe();
        let certificates = self.reloader.certificates.clone();
        let mut background = JoinSet::new();
        for task in self.tasks {
            background.spawn(task);
        }
        background.spawn(watch_files(self.reloader, reload, notifier.clone()));
        let (end_metrics, metrics_ended) = oneshot::channel::<Infallible>();
        if let Some(listener) = self.metrics_listener {
            let (handler, config) = (metrics_handler(registry.clone()), config.clone());
            background.spawn(async move {
                let ended = async {
                    let _ = metrics_ended.await;
                };
                listener.serve(handler, config, None, ended).await;
            });
        }
        notifier.tell(State::Ready);
        let stopped = {
            let (registry, config) = (registry.clone(), config.clone());
            async move {
                stop.await;
                notifier.tell(State::Stopping);
                registry.operations().health.drain();
                let delay = config.borrow().drain.delay.duration();
                tokio::time::sleep(delay).await;
            }
        };
        let handler = server::handler(registry);
        self.listeners
            .serve(handler, config, certificates, stopped)
            .await;
        drop(end_metrics);
        background.shutdown().await;
    }
}

/// Reads the configuration again when it is told to or a file changed.
async fn watch_files(mut reloader: Reloader, mut reload: mpsc::Receiver<()>, notifier: Notifier) {
    loop {
        let asked = match tokio::time::timeout(LOOK, reload.recv()).await {
            Ok(Some(())) => true,
            // Nobody can ask any more; files may still change.
            Ok(None) => {
                tokio::time::sleep(LOOK).await;
                false
            }
            Err(_) => false,
        };
        if asked {
            notifier.tell(State::Reloading);
        }
        reloader.look(asked).await;
        if asked {
            notifier.tell(State::Ready);
        }
    }
}

/// Removes what nobody needs, now and then. A run starts with the settings of its time.
async fn collect(registry: Registry, mut config: watch::Receiver<Arc<Config>>) {
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
                // A shorter interval counts from now on.
                if changed.is_ok() && config.borrow().collection.interval.duration() != interval {
                    continue;
                }
                tokio::time::sleep(interval).await;
            }
        }
        let (settings, retention) = stores::collection(&config.borrow());
        let collector = Collector::new(
            Arc::clone(&registry.metadata),
            Arc::clone(&registry.objects),
            Arc::new(SystemClock),
            settings,
            retention,
        );
        let metrics = &registry.operations().metrics;
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

/// `/metrics`, `/livez` and `/readyz` for those who run the registry.
fn metrics_handler(registry: Registry) -> Handler {
    Arc::new(move |request: Request<Incoming>, _| {
        let registry = registry.clone();
        Box::pin(async move { operators_answer(&registry, request.uri().path()).await })
    })
}

async fn operators_answer(registry: &Registry, path: &str) -> Response<Body> {
    match path {
        "/metrics" => probe::render(registry),
        "/livez" => answer::json(StatusCode::OK, &serde_json::json!({})),
        "/readyz" => probe::ready(registry).await,
        _ => answer::Refusal::not_found().into_response(),
    }
}
