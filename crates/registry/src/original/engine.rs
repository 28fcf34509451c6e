//! `/config`: has containerd pull from one registry through this mirror, or undoes that.
//!
//! ```text
//! engines/hosts/HOST.json       the record of one hosts.toml
//! engines/containerd.json       the record of containerd's own configuration, which all of them need
//! ```

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{Method, StatusCode};
use lazaret_files::{Stopped, blocking, children};
use lazaret_mirror::{Format, Mirror};
use lazaret_node::install::{
    self, Change, Error, Leftovers, MirrorUrl, Name, Namespace, Plan, Reason,
};
use lazaret_values::{Chain, Printable};
use tokio::sync::Mutex;

use crate::message::{Outcome, Query, answer};

/// The container engine of this machine.
pub(crate) struct Engine {
    /// The URL of this mirror, as the engine reaches it.
    url: String,
    /// Folder that is the engine's `/`.
    root: PathBuf,
    /// Folder of the records.
    folder: PathBuf,
    /// One request at a time changes files.
    turn: Mutex<()>,
}

/// The reason for which the original's answer would be 503.
enum Fault {
    Install(Error),
    /// Somebody else's file, or one that somebody has changed.
    Foreign(PathBuf),
    Stopped,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Install(error)
    }
}

impl From<Stopped> for Fault {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// What is done with the configuration for one registry.
struct Work {
    method: Method,
    name: Name,
    /// Whether containerd's own configuration is changed, too.
    with_containerd: bool,
    url: String,
    root: PathBuf,
    folder: PathBuf,
}

impl Engine {
    /// The engine whose `/` is `root`. `address` is where this mirror listens, `folder` is for records.
    pub(crate) fn new(address: SocketAddr, is_tls: bool, root: PathBuf, folder: PathBuf) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let scheme = if is_tls { "https" } else { "http" };
        Self {
            url: format!("{scheme}://{}", SocketAddr::new(ip, address.port())),
            root,
            folder,
            turn: Mutex::default(),
        }
    }
}

/// Answers without a body, as the original does: 200, 404 when nothing is installed, 503 for what fails.
pub(super) async fn answer(
    engine: &Engine,
    mirror: &Arc<Mirror>,
    method: &Method,
    query: &Query,
) -> Outcome {
    let ended = |status| Ok(answer::empty(status));
    let Some(Ok(name)) = query.get("ns").map(str::parse::<Name>) else {
        return ended(StatusCode::BAD_REQUEST);
    };
    if let Err(reason) = fits(mirror, &name, method, query) {
        tracing::warn!(reason, "an engine was not set up");
        return ended(StatusCode::SERVICE_UNAVAILABLE);
    }
    let work = Work {
        method: method.clone(),
        with_containerd: query.get("enable_containerd").is_some_and(is_true),
        name,
        url: engine.url.clone(),
        root: engine.root.clone(),
        folder: engine.folder.clone(),
    };
    let _turn = engine.turn.lock().await;
    match blocking(move || work.run()).await {
        Ok(status) => ended(status),
        Err(fault) => {
            match fault {
                Fault::Install(error) => {
                    tracing::error!(error = %Chain(&error), "an engine was not set up");
                }
                Fault::Foreign(path) => {
                    let path = path.display();
                    tracing::error!(%path, "what is installed is not as this mirror wrote it, and stays");
                }
                Fault::Stopped => {}
            }
            ended(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// The notations of yes in the original's queries.
fn is_true(text: &str) -> bool {
    text == "1" || text.eq_ignore_ascii_case("true")
}

/// Refuses what this mirror would not do for the registry. `_default` stands for all upstreams.
fn fits(mirror: &Mirror, name: &Name, method: &Method, query: &Query) -> Result<(), String> {
    let text = name.to_string();
    let is_meant = |namespace: &str| match name {
        Name::Default => true,
        Name::Host(_) => namespace.eq_ignore_ascii_case(&text),
    };
    let meant = mirror.upstreams().iter();
    let mut meant = meant.filter(|upstream| is_meant(upstream.namespace()));
    if let Some(suffix) = query
        .get("enable_suffix")
        .filter(|suffix| !suffix.is_empty())
    {
        let ends = match name {
            Name::Default => meant.clone().any(|one| one.namespace().ends_with(suffix)),
            Name::Host(_) => text.ends_with(suffix),
        };
        if !ends {
            let suffix = Printable::excerpt(suffix);
            return Err(format!("{text} does not end with {suffix}"));
        }
    }
    if *method != Method::PUT {
        return Ok(());
    }
    if let Some(format) = query
        .get("stream_format")
        .filter(|format| !format.is_empty())
    {
        let streams = |format: Format| meant.clone().any(|upstream| upstream.streams(format));
        if !format.parse::<Format>().is_ok_and(streams) {
            let format = Printable::excerpt(format);
            return Err(format!("{text} is not swapped for {format}"));
        }
    }
    match meant.next() {
        Some(_) => Ok(()),
        None => Err(format!("{text} is no upstream of this mirror")),
    }
}

impl Work {
    fn run(self) -> Result<StatusCode, Fault> {
        let (hosts, engine) = self.plans()?;
        match self.method {
            Method::PUT => {
                install::apply(&hosts, &self.record())?;
                if self.with_containerd {
                    install::apply(&engine, &self.shared())?;
                }
                for notice in &hosts.notices {
                    tracing::info!(notice, "an engine was set up");
                }
                Ok(StatusCode::OK)
            }
            Method::DELETE => self.remove(&hosts),
            _ if hosts.changes.is_empty() => Ok(StatusCode::OK),
            _ => Ok(StatusCode::NOT_FOUND),
        }
    }

    /// What is missing: the `hosts.toml` of the registry, and what containerd needs to look for such files.
    fn plans(&self) -> Result<(Plan, Plan), Error> {
        let plan = install::plan(&install::Wish {
            engines: vec![install::Engine::Containerd],
            mirror: MirrorUrl::new(self.url.parse()?),
            namespaces: vec![Namespace {
                name: self.name.clone(),
                server: None,
            }],
            fallback: true,
            root: self.root.clone(),
            places: install::Places::default(),
        })?;
        let is_hosts = |change: &Change| change.path.file_name() == Some(OsStr::new("hosts.toml"));
        let (hosts, others) = plan.changes.into_iter().partition(is_hosts);
        let of = |changes, notices| Plan {
            root: plan.root.clone(),
            changes,
            notices,
        };
        Ok((of(hosts, plan.notices), of(others, Vec::new())))
    }

    /// Undoes what was installed for the registry, and for all of them when it was the last one.
    fn remove(&self, missing: &Plan) -> Result<StatusCode, Fault> {
        let undo = match install::undo(&self.record()) {
            Err(Error::NoRecord { .. }) if missing.changes.is_empty() => {
                // It was installed by somebody else, who can undo it.
                return Err(Fault::Foreign(self.record()));
            }
            Err(Error::NoRecord { .. }) => return Ok(StatusCode::OK),
            undo => undo?,
        };
        let mut kept = undo.kept.iter();
        if let Some(kept) = kept.find(|kept| kept.reason != Reason::Removed) {
            return Err(Fault::Foreign(kept.path.clone()));
        }
        install::revert(&undo, Leftovers::Forget)?;
        let left = children(&self.hosts()).map_err(Error::Files)?;
        if left.iter().any(|path| is_record(path)) {
            return Ok(StatusCode::OK);
        }
        match install::undo(&self.shared()) {
            Err(Error::NoRecord { .. }) => {}
            undo => install::revert(&undo?, Leftovers::Remember)?,
        }
        Ok(StatusCode::OK)
    }

    fn hosts(&self) -> PathBuf {
        self.folder.join("hosts")
    }

    fn record(&self) -> PathBuf {
        self.hosts().join(format!("{}.json", self.name))
    }

    fn shared(&self) -> PathBuf {
        self.folder.join("containerd.json")
    }
}

fn is_record(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("json"))
}
