//! Checks settings that have the right types. No check needs a network.

use std::collections::BTreeSet;
use std::path::Path;

use http::Uri;
use lazaret_oci::MAX_MANIFEST_BYTES;
use lazaret_values::{Chain, Pattern, Period, Secret};

use super::{Config, Document, Fault, check_control, check_upstreams};
use crate::named_file::read_text;
use crate::rules::VerifyingKey;
use crate::schemas::FamilySchemas;
use crate::server::{TlsError, tls};
use lazaret_auth::{self as auth, Gate};

/// Finds all faults that can be found without a network: missing files, a certificate without its
/// key, sections that exclude each other.
#[must_use]
pub fn check(document: &Document, config: &Config) -> Vec<Fault> {
    let mut checker = Checker {
        document,
        faults: Vec::new(),
    };
    checker.addresses(config);
    checker.strangers(config);
    checker.tls(config);
    checker.storage(config);
    checker.metadata(config);
    checker.auth(config);
    checker.rules(config);
    checker.retention(config);
    checker.limits(config);
    checker.tracing(config);
    checker.webhooks(config);
    checker.types(config);
    for (path, message, hint) in check_upstreams::faults(config) {
        checker.wrong(&path, message, hint);
    }
    for (path, message) in check_control::faults(config) {
        checker.wrong(&path, message, None);
    }
    for (index, plane) in config.control_planes.iter().enumerate() {
        let path = format!("control_planes[{index}].token_file");
        checker.secret(&path, &plane.token_file);
    }
    if let Some(api) = &config.mirror.api {
        checker.secret("mirror.api.token_file", &api.token_file);
    }
    checker.faults
}

struct Checker<'a> {
    document: &'a Document,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    fn wrong(&mut self, path: &str, message: impl Into<String>, hint: Option<&str>) {
        let fault = self.document.fault(path, message.into(), hint);
        self.faults.push(fault);
    }

    fn warn(&mut self, path: &str, message: impl Into<String>, hint: Option<&str>) {
        let mut fault = self.document.fault(path, message.into(), hint);
        fault.is_warning = true;
        self.faults.push(fault);
    }

    /// Reads a file; a fault is recorded when it cannot be read.
    fn text(&mut self, path: &str, file: &Path) -> Option<String> {
        match read_text(file) {
            Ok(text) => Some(text),
            Err(error) => {
                let message = format!("failed to read '{}': {error}", file.display());
                self.wrong(path, message, None);
                None
            }
        }
    }

    fn secret(&mut self, path: &str, file: &Path) {
        if let Some(text) = self.text(path, file)
            && text.trim().is_empty()
        {
            self.wrong(path, format!("'{}' is empty", file.display()), None);
        }
    }

    fn addresses(&mut self, config: &Config) {
        if config.listen.is_empty() {
            self.wrong("listen", "there is no address to listen on", None);
        }
        if let Some(own) = config.metrics.listen
            && own.port() != 0
            && config.listen.contains(&own)
        {
            self.wrong(
                "metrics.listen",
                format!("{own} is the registry's own address"),
                Some("leave it out: /metrics is at the registry's address, too"),
            );
        }
        let open = config
            .listen
            .iter()
            .find(|address| !address.ip().is_loopback());
        if let (Some(open), None) = (open, &config.tls) {
            self.warn(
                "listen",
                format!("{open} is reachable from other machines, without TLS"),
                Some("set tls.certificate and tls.key, or listen on loopback behind a proxy"),
            );
        }
    }

    fn strangers(&mut self, config: &Config) {
        let open = config
            .listen
            .iter()
            .find(|address| !address.ip().is_loopback());
        let is_open = !config.auth.authenticates() && config.access.is_none();
        if let (Some(open), true) = (open, is_open) {
            self.warn(
                "listen",
                format!("{open} is reachable from other machines, and everybody may do everything"),
                Some("set up users in [auth] and rules in [[access]]"),
            );
        }
    }

    fn tls(&mut self, config: &Config) {
        let Some(settings) = &config.tls else { return };
        if settings.client_certificates == super::ClientCertificates::Required
            && settings.client_ca.is_none()
        {
            self.wrong(
                "tls.client_certificates",
                "certificates are required, but no authority is trusted",
                Some("set tls.client_ca"),
            );
        }
        if let Err(error) = tls::load(&settings.files()) {
            let message = Chain(&error).to_string();
            let hint = match &error {
                TlsError::Mismatch { .. } => {
                    Some("the server's own certificate comes first in tls.certificate")
                }
                TlsError::NotPem { .. } => Some("PEM starts with a line -----BEGIN ...-----"),
                _ => None,
            };
            self.wrong(&format!("tls.{}", error.setting()), message, hint);
        }
    }

    fn storage(&mut self, config: &Config) {
        let storage = &config.storage;
        let buckets = [
            ("s3", &storage.s3, ["s3"].as_slice()),
            ("gcs", &storage.gcs, &["gs"]),
            ("azure", &storage.azure, &["az", "azure", "abfs", "abfss"]),
        ];
        let chosen = buckets
            .iter()
            .filter(|(_, bucket, _)| bucket.is_some())
            .count()
            + usize::from(storage.files.is_some());
        if chosen > 1 {
            let hint = "keep one of storage.files, storage.s3, storage.gcs, storage.azure";
            self.wrong("storage", "content is kept in one place only", Some(hint));
        }
        for (name, bucket, schemes) in buckets {
            let Some(bucket) = bucket else { continue };
            let scheme = bucket.url.split_once("://");
            if !scheme.is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty()) {
                let scheme = schemes[0];
                let message = format!(
                    "'{}' is not {scheme}://bucket or {scheme}://bucket/prefix",
                    bucket.url
                );
                self.wrong(&format!("storage.{name}.url"), message, None);
            }
            if let Some(file) = &bucket.ca_file {
                self.text(&format!("storage.{name}.ca_file"), file);
            }
            if bucket
                .part_size
                .is_some_and(|size| !(5 << 20..=1 << 30).contains(&size.0))
            {
                let path = format!("storage.{name}.part_size");
                self.wrong(&path, "the size is not between 5MiB and 1GiB", None);
            }
            if !(Period::seconds(1)..=Period::days(7)).contains(&bucket.redirect_expiry) {
                let path = format!("storage.{name}.redirect_expiry");
                self.wrong(&path, "the time is not between 1s and 7d", None);
            }
            for (option, value) in &bucket.options {
                if let Some(plain) = option.strip_suffix("_file") {
                    let path = format!("storage.{name}.options.{option}");
                    self.secret(&path, Path::new(value.reveal()));
                    if bucket.options.contains_key(plain) {
                        self.wrong(&path, format!("'{plain}' is given, too"), None);
                    }
                }
            }
        }
    }

    fn metadata(&mut self, config: &Config) {
        let metadata = &config.metadata;
        if metadata.sqlite.is_some() && metadata.postgres.is_some() {
            let hint = "keep one of metadata.sqlite and metadata.postgres";
            self.wrong("metadata", "metadata is kept in one place only", Some(hint));
        }
        let Some(postgres) = &metadata.postgres else {
            return;
        };
        let path = "metadata.postgres";
        match (&postgres.url, &postgres.url_file) {
            (None, None) => {
                self.wrong(path, "the database has no url", Some("set url or url_file"));
            }
            (Some(_), Some(_)) => self.wrong(path, "both url and url_file are given", None),
            (Some(url), None) => self.postgres_url("metadata.postgres.url", url),
            (None, Some(file)) => {
                let path = "metadata.postgres.url_file";
                if let Some(text) = self.text(path, file) {
                    self.postgres_url(path, &Secret::new(text.trim()));
                }
            }
        }
        if postgres.connections == 0 {
            self.wrong(
                "metadata.postgres.connections",
                "0 connections are too few",
                None,
            );
        }
    }

    fn postgres_url(&mut self, path: &str, url: &Secret) {
        let text = url.reveal();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            // The value may contain a password, so it is not shown.
            let hint = "postgres://user:password@host/database";
            self.wrong(path, "the value is no URL of PostgreSQL", Some(hint));
        }
    }

    fn auth(&mut self, config: &Config) {
        // Keys are stored in the metadata, which is not open here.
        let settings = auth::Settings {
            api_keys: false,
            ..config.auth.clone()
        };
        let limits = auth::RequestLimits::default();
        let context = auth::Context::default();
        if let Err(error) = Gate::open(&settings, config.access.clone(), limits, context) {
            let (path, message) = match &error {
                auth::Error::Setting { setting, reason } => (setting.clone(), reason.clone()),
                auth::Error::Htpasswd { .. } => {
                    ("auth.htpasswd".to_owned(), Chain(&error).to_string())
                }
                _ => ("auth".to_owned(), Chain(&error).to_string()),
            };
            self.wrong(&path, message, None);
        }
        let keyless = |tokens: &auth::Tokens| tokens.key_file.is_none();
        if config.metadata.postgres.is_some() && config.auth.tokens.as_ref().is_some_and(keyless) {
            self.warn(
                "auth.tokens",
                "replicas of one database refuse each other's tokens, for each makes a key",
                Some("give all the same key_file"),
            );
        }
        if config.auth.certificates.is_some()
            && config
                .tls
                .as_ref()
                .is_none_or(|tls| tls.client_ca.is_none())
        {
            let message = "certificates are never asked for";
            self.wrong("auth.certificates", message, Some("set tls.client_ca"));
        }
    }

    fn rules(&mut self, config: &Config) {
        for (index, rule) in config.rules.iter().enumerate() {
            let path = format!("rules[{index}]");
            self.repositories(&path, &rule.repositories);
            let Some(signature) = &rule.required_signature else {
                continue;
            };
            let path = format!("{path}.required_signature.keys");
            if signature.keys.is_empty() {
                self.wrong(&path, "without a key, nothing could be pushed", None);
            }
            for (number, key) in signature.keys.iter().enumerate() {
                let path = format!("{path}[{number}]");
                if let Some(text) = self.text(&path, key)
                    && let Err(error) = VerifyingKey::from_pem(text.as_bytes())
                {
                    let message = format!("'{}': {}", key.display(), Chain(&error));
                    self.wrong(&path, message, None);
                }
            }
        }
    }

    fn retention(&mut self, config: &Config) {
        for (index, rule) in config.retention.iter().enumerate() {
            let path = format!("retention[{index}]");
            self.repositories(&path, &rule.repositories);
            let Some(keep) = &rule.keep else { continue };
            if keep.last.is_none() && keep.newer_than.is_none() && keep.tags.is_empty() {
                self.wrong(
                    &format!("{path}.keep"),
                    "nothing would be kept",
                    Some("name last, newer_than or tags; leave keep out to keep every tag"),
                );
            }
        }
        if config.collection.grace < Period::minutes(1) {
            self.warn(
                "collection.grace",
                format!(
                    "{} is shorter than many pushes take",
                    config.collection.grace
                ),
                Some("an hour is short, a day is usual"),
            );
        }
    }

    fn repositories(&mut self, rule: &str, patterns: &[Pattern]) {
        let path = format!("{rule}.repositories");
        if patterns.is_empty() {
            let hint = "\"**\" is every repository";
            self.wrong(&path, "the rule fits no repository", Some(hint));
        }
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "*?/._-".contains(c);
        for (index, pattern) in patterns.iter().enumerate() {
            if let Some(other) = pattern.as_str().chars().find(|c| !is_fit(*c)) {
                let message = format!("no repository name has '{other}'");
                self.wrong(&format!("{path}[{index}]"), message, None);
            }
        }
    }

    fn limits(&mut self, config: &Config) {
        let limits = &config.limits;
        if limits.manifest_bytes.0 > MAX_MANIFEST_BYTES as u64 {
            let message = format!("{} is more than the registry can", limits.manifest_bytes);
            self.wrong("limits.manifest_bytes", message, Some("4MiB is the most"));
        }
        let zeros = [
            ("manifest_bytes", limits.manifest_bytes.0 == 0),
            ("uploads", limits.uploads == 0),
            ("uploads_per_repository", limits.uploads_per_repository == 0),
            ("connections", limits.connections == 0),
            (
                "connections_per_address",
                limits.connections_per_address == 0,
            ),
            ("header_timeout", limits.header_timeout.is_zero()),
            ("body_timeout", limits.body_timeout.is_zero()),
            ("idle_timeout", limits.idle_timeout.is_zero()),
            ("transfer_window", limits.transfer_window.is_zero()),
            ("concurrent_requests", limits.concurrent_requests == Some(0)),
        ];
        for (name, is_zero) in zeros {
            if is_zero {
                self.wrong(&format!("limits.{name}"), "0 would refuse everything", None);
            }
        }
        if limits.requests_per_second.is_some_and(|rate| rate <= 0.0) {
            self.wrong(
                "limits.requests_per_second",
                "the rate is not positive",
                Some("leave it out for no limit"),
            );
        }
    }

    fn tracing(&mut self, config: &Config) {
        if let Some(endpoint) = &config.tracing.endpoint {
            self.url("tracing.endpoint", endpoint);
        }
        if !(0.0..=1.0).contains(&config.tracing.sample_ratio) {
            self.wrong(
                "tracing.sample_ratio",
                "the ratio is not between 0 and 1",
                None,
            );
        }
    }

    fn webhooks(&mut self, config: &Config) {
        let mut names = BTreeSet::new();
        for (index, webhook) in config.webhooks.iter().enumerate() {
            let path = format!("webhooks[{index}]");
            if webhook.name.is_empty() {
                self.wrong(&format!("{path}.name"), "the name is empty", None);
            }
            if !names.insert(&webhook.name) {
                self.wrong(
                    &format!("{path}.name"),
                    format!("'{}' is the name of another webhook", webhook.name),
                    None,
                );
            }
            self.url(&format!("{path}.url"), &webhook.url);
            if !(1..=4).contains(&webhook.concurrency) {
                self.wrong(
                    &format!("{path}.concurrency"),
                    "the number is not between 1 and 4",
                    None,
                );
            }
            if let Some(file) = &webhook.secret_file {
                self.secret(&format!("{path}.secret_file"), file);
            }
        }
    }

    fn url(&mut self, path: &str, text: &str) {
        let is_fit = text.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if !is_fit {
            self.wrong(path, "the value is no http:// or https:// URL", None);
        }
    }

    fn types(&mut self, config: &Config) {
        let Some(folder) = &config.types_folder else {
            return;
        };
        if let Err(error) = FamilySchemas::with_folder(folder) {
            self.wrong("types_folder", Chain(&error).to_string(), None);
        }
    }
}
