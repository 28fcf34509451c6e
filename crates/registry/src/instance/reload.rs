//! Reloads the configuration while requests go on.
//!
//! ```text
//! SIGHUP, or a file changed  --read, check--> fine: swapped at once
//! and was the same twice                      broken, cut, or with less protection: the old one stays
//! ```

use std::sync::Arc;

use lazaret_files::{Stopped, blocking};
use lazaret_values::Chain;

use super::fixed::keep_fixed;
use super::live::Live;
use super::marks::{Mark, marks};
use super::settings;
use super::source::Source;
use super::widening::{refuse_cut, refuse_widening};
use crate::Error;
use crate::registry::Registry;
use crate::server::Certificates;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Outcome;

/// Everything that changes with the configuration.
pub(super) struct Reloader {
    pub(super) source: Source,
    /// The text of the file that the settings are from.
    pub(super) text: String,
    pub(super) registry: Registry,
    pub(super) live: Live,
    pub(super) certificates: Option<Certificates>,
    pub(super) metrics: Arc<Metrics>,
    /// The marks of the files when they were last read.
    pub(super) seen: Vec<Mark>,
    /// Their state at the last look.
    pub(super) changing: Option<Vec<Mark>>,
}

impl Reloader {
    /// Reloads the configuration if a file has changed, or `always`. If it is invalid, the faults
    /// are logged and the old settings stay.
    pub(super) async fn look(&mut self, always: bool) {
        let source = self.source.clone();
        let config = Arc::clone(&self.live.config.borrow());
        let Ok(marks) = blocking(move || Ok::<_, Stopped>(marks(&source, &config))).await else {
            return;
        };
        let changed = marks != self.seen;
        if !always {
            // A file that is still being written is another one at the next look.
            let is_settled = self.changing.replace(marks.clone()) == Some(marks.clone());
            if !changed || !is_settled {
                return;
            }
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
        let before = Arc::clone(&self.live.config.borrow());
        let gate = self.registry.gate();
        let old_text = self.text.clone();
        // Reading files and parsing keys would delay requests on this thread.
        let (text, config, terms, gate) = blocking(move || {
            let text = source.text()?;
            let (config, _) = source.parse(&text)?;
            refuse_widening(&before, &config)?;
            refuse_cut(&old_text, &text, &before, &config)?;
            let config = keep_fixed(&before, config);
            let terms = settings::terms(&config)?;
            let limits = settings::request_limits(&config);
            let gate = gate.reopen(&config.auth, config.access.clone(), limits)?;
            Ok::<_, Error>((text, config, terms, gate))
        })
        .await?;
        if let (Some(certificates), Some(tls)) = (&self.certificates, &config.tls) {
            certificates.reload(&tls.files())?;
        }
        self.registry.change(terms, gate);
        self.text = text;
        // The new settings may name other files.
        let source = self.source.clone();
        let config = Arc::new(config);
        self.live.replace(&config);
        self.seen = blocking(move || Ok::<_, Error>(marks(&source, &config))).await?;
        Ok(())
    }
}
