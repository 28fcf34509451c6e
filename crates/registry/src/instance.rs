//! Instances: opens a registry from its settings, serves it and reloads its configuration.
//!
//! ```text
//! Source --read--> Config --settings--> plain values --> stores, gate, terms, telemetry, events
//!                     ^                                                   |
//!                     \-- reload: SIGHUP, or a file changed          Registry --> serve
//! ```
//! There is one way to open a registry and one to serve it: an ephemeral registry is an instance
//! over a temporary folder ([`Source::ephemeral`]). Only this module reads settings (`config`). It
//! answers no request itself (`service` does).

mod collecting;
mod control;
mod fixed;
mod home;
mod live;
mod lost;
mod marks;
mod mirror;
mod notify;
mod operators;
mod reload;
mod settings;
mod signals;
mod source;
mod stores;
#[cfg(test)]
mod tests;
mod upkeep;
mod widening;

pub use control::ControlServer;
pub use notify::{Notifier, State};
pub use signals::Signals;
pub use source::{Root, Source, StageChoice};
pub use upkeep::{Upkeep, mirror_plans};

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lazaret_auth::{Context, Gate};
use lazaret_content::{BoxFuture, SystemClock};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::config::{Config, Fault};
use crate::events::Events;
use crate::http_client::HttpClient;
use crate::mirror::Rules;
use crate::registry::Registry;
use crate::server::{Certificates, Listeners};
use crate::stores::Stores;
use crate::telemetry::{Health, Metrics, Telemetry, Traces};
use crate::terms::SharedTerms;
use crate::{Error, service};
use home::Home;
use live::Live;
use reload::Reloader;

/// Time between checks of files for changes.
const LOOK: Duration = Duration::from_secs(2);

/// A registry that is listening but does not serve yet.
pub struct Instance {
    registry: Registry,
    listeners: Listeners,
    metrics_listener: Option<Listeners>,
    reloader: Reloader,
    tasks: Vec<BoxFuture<'static, ()>>,
    warnings: Vec<Fault>,
}

impl Instance {
    /// Opens the stores and the listening sockets.
    ///
    /// # Errors
    /// Fails when settings are invalid, stores cannot be opened, or an address is taken.
    pub async fn open(source: Source) -> Result<Self, Error> {
        let text = source.text()?;
        let (config, warnings) = source.parse(&text)?;
        let certificates = config
            .tls
            .as_ref()
            .map(|tls| Certificates::new(&tls.files()));
        let certificates = certificates.transpose()?;
        let home = Home::open(&source.root)?;
        let stores = Stores {
            objects: stores::objects(&config, &home)?,
            metadata: stores::metadata(&config, &home).await?,
        };
        lost::refuse_lost(&config, &home, &stores).await?;
        let context = Context {
            keys: Some(Arc::clone(&stores.metadata) as _),
            folder: Some(stores::root(&config, &home.path).to_owned()),
            clock: Arc::new(SystemClock),
        };
        let limits = settings::request_limits(&config);
        let gate = Gate::open(&config.auth, config.access.clone(), limits, context)?;
        let terms = SharedTerms::new(settings::terms(&config)?);
        let rules = Rules {
            stores: stores.clone(),
            terms: terms.clone(),
        };
        let folder = stores::root(&config, &home.path).join(mirror::PARTIAL);
        let mirror = mirror::open(&config, &source, folder.clone(), &stores, rules)?;
        let listeners = Listeners::bind(&config.listen).await?;
        let control = control::planes(&config, stores::root(&config, &home.path))?;
        let address = listeners.addresses().next();
        let original = address.and_then(|at| mirror::original(&config, &source, &folder, at));
        let metrics_listener = match config.metrics.listen {
            Some(address) if config.metrics.enabled => Some(Listeners::bind(&[address]).await?),
            _ => None,
        };
        let seen = marks::marks(&source, &config);
        let live = Live::new(config);
        let metrics = match &mirror {
            Some(mirror) => Metrics::with_mirror(Arc::clone(mirror.counts())),
            None => Metrics::default(),
        };
        let metrics = Arc::new(metrics);
        let client = HttpClient::new();
        let mut tasks: Vec<BoxFuture<'static, ()>> = Vec::new();
        // Also started without webhooks, because a reload may add some.
        let (events, task) = Events::start(
            Arc::clone(&stores.metadata) as _,
            client.clone(),
            live.targets.subscribe(),
            Arc::clone(&metrics),
        );
        tasks.push(Box::pin(task));
        let is_traced = live.export.borrow().endpoint.is_some();
        let traces = is_traced.then(|| {
            let (traces, task) = Traces::start(client, live.export.subscribe());
            tasks.push(Box::pin(task));
            traces
        });
        let collecting = collecting::collect(
            stores.clone(),
            Arc::clone(&metrics),
            live.config.subscribe(),
        );
        tasks.push(Box::pin(collecting));
        if let Some(mirror) = &mirror {
            tasks.push(Box::pin(Arc::clone(mirror).keep_up()));
        }
        let telemetry = Telemetry {
            metrics: Arc::clone(&metrics),
            health: Health::default(),
            traces,
        };
        let registry = Registry::new(stores, terms, gate, telemetry, events, mirror, home.lock)
            .with_original(original)
            .with_control(control);
        Ok(Self {
            reloader: Reloader {
                source,
                text,
                registry: registry.clone(),
                live,
                certificates,
                metrics,
                seen,
                changing: None,
            },
            registry,
            listeners,
            metrics_listener,
            tasks,
            warnings,
        })
    }

    /// The faults of the settings that do not keep the registry from starting.
    #[must_use]
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// The addresses that it listens on, with the actual ports.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.addresses()
    }

    /// The URLs of these addresses: `https://127.0.0.1:5000`.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let scheme = match self.reloader.certificates {
            Some(_) => "https",
            None => "http",
        };
        self.addresses()
            .map(|address| format!("{scheme}://{address}"))
            .collect()
    }

    /// The address of the measurements, if they have a separate one.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref()?.addresses().next()
    }

    /// The current configuration, which changes with each reload.
    #[must_use]
    pub fn configuration(&self) -> watch::Receiver<Arc<Config>> {
        self.reloader.live.config.subscribe()
    }

    /// Serves until it is told to stop, then finishes the requests under way.
    pub async fn serve(self, signals: Signals) {
        let Signals {
            stop,
            reload,
            notifier,
        } = signals;
        let registry = self.registry;
        let config = self.reloader.live.config.subscribe();
        let limits = self.reloader.live.limits.subscribe();
        let certificates = self.reloader.certificates.clone();
        let mut background = JoinSet::new();
        for task in self.tasks {
            background.spawn(task);
        }
        background.spawn(watch_files(self.reloader, reload, notifier.clone()));
        let (end_metrics, metrics_ended) = oneshot::channel::<Infallible>();
        if let Some(listener) = self.metrics_listener {
            let (handler, limits) = (operators::handler(registry.clone()), limits.clone());
            background.spawn(async move {
                let ended = async {
                    let _ = metrics_ended.await;
                };
                listener.serve(handler, limits, None, ended).await;
            });
        }
        notifier.tell(State::Ready);
        let stopped = {
            let registry = registry.clone();
            async move {
                stop.await;
                notifier.tell(State::Stopping);
                registry.telemetry.health.drain();
                let delay = config.borrow().drain.delay.duration();
                tokio::time::sleep(delay).await;
            }
        };
        let handler = service::handler(registry);
        self.listeners
            .serve(handler, limits, certificates, stopped)
            .await;
        drop(end_metrics);
        background.shutdown().await;
    }
}

/// Reloads the configuration when it is told to, or when a file has changed.
async fn watch_files(mut reloader: Reloader, mut reload: mpsc::Receiver<()>, notifier: Notifier) {
    loop {
        let asked = match tokio::time::timeout(LOOK, reload.recv()).await {
            Ok(Some(())) => true,
            // No more signals can arrive, but files may still change.
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
