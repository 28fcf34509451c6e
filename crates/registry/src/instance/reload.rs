//! Reading the configuration again while requests go on.
//!
//! ```text
//! SIGHUP, or a file changed --read, check--> fine: swapped at once | broken: the old one stays
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use lazaret_values::Chain;
use tokio::sync::watch;

use super::stores;
use crate::Error;
use crate::config::{Config, Document, Fault, Faults, Overrides, check};
use crate::registry::Registry;
use crate::server::tls::Certificates;
use crate::telemetry::metrics::{Metrics, Outcome};
use lazaret_auth as auth;

/// Where settings come from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// Flags and environment variables.
    pub overrides: Overrides,
    /// The folder of everything when no `root` is given.
    pub root: PathBuf,
}

impl Source {
    /// Reads and checks the settings. Also returns what is only doubtful.
    ///
    /// # Errors
    /// Everything that is wrong, and what is doubtful.
    pub fn read(&self) -> Result<(Config, Vec<Fault>), Faults> {
        let document = Document::load(self.file.as_deref(), &self.overrides)?;
        let config = document.config()?;
        let faults = Faults(check(&document, &config));
        if faults.are_fatal() {
            return Err(faults);
        }
        Ok((config, faults.0))
    }
}

/// Everything that changes when the configuration does.
pub(super) struct Reloader {
    pub(super) source: Source,
    pub(super) registry: Registry,
    pub(super) config: watch::Sender<Arc<Config>>,
    pub(super) certificates: Option<Certificates>,
    pub(super) metrics: Arc<Metrics>,
    /// State of the files when they were last read.
    pub(super) seen: Vec<Mark>,
}

/// State of a file: it changed when this does.
pub(super) type Mark = (PathBuf, Option<(SystemTime, u64, u64)>);

impl Reloader {
    /// Reads everything again if a file changed, or `always`. What is broken is logged, and the
    /// old settings stay.
    pub(super) async fn look(&mut self, always: bool) {
        let source = self.source.clone();
        let config = Arc::clone(&self.config.borrow());
        let marks = blocking(move || marks(&source, &config)).await;
        if !always && marks == self.seen {
            return;
        }
        self.seen = marks;
        let outcome = match self.reload().await {
            Ok(()) => {
                tracing::warn!("configuration read again");
                Outcome::Success
            }
            Err(Error::Config(faults)) => {
                for fault in faults.0.iter().filter(|fault| !fault.is_warning) {
                    tracing::error!(hint = fault.hint, "the configuration is wrong: {fault}");
                }
                Outcome::Failure
            }
            Err(error) => {
                let error = Chain(&error).to_string();
                tracing::error!(error, "failed to read the configuration again");
                Outcome::Failure
            }
        };
        self.metrics.reloaded(outcome);
    }

    async fn reload(&mut self) -> Result<(), Error> {
        let source = self.source.clone();
        let before = Arc::clone(&self.config.borrow());
        let gate = self.registry.gate();
        // Files are read and keys parsed: away from the requests.
        let (config, policy, gate) = blocking(move || {
            let (config, _) = source.read()?;
            let config = keep_fixed(&before, config);
            let policy = stores::policy(&config)?;
            let gate = gate.reopen(&config.auth, config.access.clone(), rates(&config))?;
            Ok::<_, Error>((config, policy, gate))
        })
        .await?;
        if let (Some(certificates), Some(tls)) = (&self.certificates, &config.tls) {
            certificates.reload(tls)?;
        }
        self.registry.set_policy(policy);
        self.registry.set_gate(gate);
        // The new settings may name other files.
        let source = self.source.clone();
        let config = Arc::new(config);
        self.config.send_replace(Arc::clone(&config));
        self.seen = blocking(move || marks(&source, &config)).await;
        Ok(())
    }
}

/// How often one client may come.
pub(super) fn rates(config: &Config) -> auth::Limits {
    auth::Limits {
        requests_per_second: config.limits.requests_per_second,
        request_burst: config.limits.request_burst,
        concurrent_requests: config.limits.concurrent_requests,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The new settings, but what cannot change while the registry runs is as before.
fn keep_fixed(before: &Config, mut after: Config) -> Config {
    let mut fixed = Vec::new();
    macro_rules! keep {
        ($($field:ident).+) => {
            if before.$($field).+ != after.$($field).+ {
                fixed.push(stringify!($($field).+).replace(' ', ""));
                after.$($field).+ = before.$($field).+.clone();
            }
        };
    }
    keep!(listen);
    keep!(root);
    keep!(metadata);
    keep!(metrics.listen);
    keep!(log.format);
    keep!(limits.connections);
    if before.tls.is_some() != after.tls.is_some() {
        fixed.push("tls".to_owned());
        after.tls.clone_from(&before.tls);
    }
    let redirect = |config: &Config| config.storage.bucket().map(|(_, bucket)| bucket.redirect);
    let is_redirected = redirect(&after);
    let mut storage = before.storage.clone();
    for bucket in [&mut storage.s3, &mut storage.gcs, &mut storage.azure]
        .into_iter()
        .flatten()
    {
        // Whether clients are redirected may change.
        if let Some(redirect) = is_redirected {
            bucket.redirect = redirect;
        }
    }
    if storage != after.storage {
        fixed.push("storage".to_owned());
        after.storage = before.storage.clone();
    }
    if before.tracing.endpoint.is_none() != after.tracing.endpoint.is_none() {
        fixed.push("tracing.endpoint".to_owned());
        after.tracing.endpoint.clone_from(&before.tracing.endpoint);
    }
    if !fixed.is_empty() {
        let settings = fixed.join(", ");
        tracing::warn!(settings, "these settings change with a restart only");
    }
    after
}

/// The state of every file that settings are read from.
pub(super) fn marks(source: &Source, config: &Config) -> Vec<Mark> {
    let mut files: Vec<&Path> = source.file.iter().map(PathBuf::as_path).collect();
    if let Some(tls) = &config.tls {
        files.extend([tls.certificate.as_path(), &tls.key]);
        files.extend(tls.client_ca.as_deref());
    }
    let signatures = config
        .rules
        .iter()
        .filter_map(|rule| rule.required_signature.as_ref());
    files.extend(
        signatures
            .flat_map(|signature| &signature.keys)
            .map(PathBuf::as_path),
    );
    let mut marks: Vec<Mark> = files.into_iter().map(mark).collect();
    if let Some(folder) = &config.types_folder {
        marks.push(mark(folder));
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut entries: Vec<Mark> = entries.map(|entry| mark(&entry.path())).collect();
        entries.sort();
        marks.append(&mut entries);
    }
    marks
}

fn mark(path: &Path) -> Mark {
    use std::os::unix::fs::MetadataExt as _;
    let state = std::fs::metadata(path)
        .ok()
        .and_then(|metadata| Some((metadata.modified().ok()?, metadata.len(), metadata.ino())));
    (path.to_owned(), state)
}
