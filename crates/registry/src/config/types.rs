//! The types of the file. Their doc comments are its reference: they become descriptions in the
//! JSON Schema and help texts of the flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use lazaret_auth as auth;
use lazaret_values::{Period, Size};

use crate::server::TlsFiles;

use super::{
    Collecting, ControlPlaneSettings, Limits, Metadata, Mirroring, RepositoryRule, RetentionRule,
    Storage, Upstream, Webhook,
};

/// Settings of `lazaret serve`. Every one can also be given as a flag
/// (`storage.s3.url` is `--storage-s3-url`) and as an environment variable
/// (`LAZARET_SERVE_STORAGE_S3_URL`); flags come before variables, variables before the file.
/// Relative paths start at the file's folder, or at the working folder when there is no file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses to listen on. Port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Folder of everything that is given no place of its own [default: `registry` in the data
    /// folder].
    #[schemars(extend("format" = "path"))]
    pub root: Option<PathBuf>,
    /// Bytes that stay free on the disks of files and SQLite, so that deletions and collection still
    /// work when pushes have filled the rest; `0B` for none.
    pub reserve: Size,
    /// Whether tags, manifests and blobs can be deleted by clients.
    pub delete: bool,
    /// Folder of further artifact families: one JSON Schema each. Read again when it changes.
    #[schemars(extend("format" = "path"))]
    pub types_folder: Option<PathBuf>,
    /// Encryption. Without it, the registry speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Where content is kept; files in `root` when nothing is said.
    pub storage: Storage,
    /// Where names and relations are kept; SQLite in `root` when nothing is said.
    pub metadata: Metadata,
    /// Who is known, and how. Without authenticators, everybody may do everything.
    pub auth: auth::Settings,
    /// Who may do what where. Without it, everybody who is known may do everything but
    /// administer.
    pub access: Option<Vec<auth::Rule>>,
    /// What a repository takes. The first rule that fits a repository counts.
    pub rules: Vec<RepositoryRule>,
    /// What goes without being deleted. The first rule that fits a repository counts;
    /// without a rule, everything stays.
    pub retention: Vec<RetentionRule>,
    /// How unused content goes.
    pub collection: Collecting,
    /// What one client may use.
    pub limits: Limits,
    /// How the registry stops.
    pub drain: Drain,
    /// What is logged, and how.
    pub log: Log,
    /// Measurements for Prometheus.
    pub metrics: Metrics,
    /// Traces for OpenTelemetry.
    pub tracing: Tracing,
    /// Who is told of pushes, deletions and pulls.
    pub webhooks: Vec<Webhook>,
    /// How content of other registries is kept.
    pub mirror: Mirroring,
    /// Registries whose content is mirrored.
    pub upstreams: Vec<Upstream>,
    /// Stores of kernels and guest images by name, over the hosted API.
    pub control_planes: Vec<ControlPlaneSettings>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 5000))],
            root: None,
            reserve: Size::mebibytes(64),
            delete: true,
            types_folder: None,
            tls: None,
            storage: Storage::default(),
            metadata: Metadata::default(),
            auth: auth::Settings::default(),
            access: None,
            rules: Vec::new(),
            retention: Vec::new(),
            collection: Collecting::default(),
            limits: Limits::default(),
            drain: Drain::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            tracing: Tracing::default(),
            webhooks: Vec::new(),
            mirror: Mirroring::default(),
            upstreams: Vec::new(),
            control_planes: Vec::new(),
        }
    }
}

/// Encryption. The files are read again when they change and on SIGHUP; connections go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate chain, PEM, the server's own first.
    #[schemars(extend("format" = "path"))]
    pub certificate: PathBuf,
    /// Private key of the certificate, PEM.
    #[schemars(extend("format" = "path"))]
    pub key: PathBuf,
    /// Authorities of client certificates, PEM. Without it, clients are asked for none.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub client_ca: Option<PathBuf>,
    /// Whether a client may come without a certificate.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
    /// Oldest version of TLS that is spoken.
    #[serde(default)]
    pub minimum_version: TlsVersion,
    /// How long a handshake may take.
    #[serde(default = "handshake")]
    pub handshake_timeout: Period,
}

impl Tls {
    /// The section as the type of `server`.
    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            client_ca: self.client_ca.clone(),
            needs_client_certificate: self.client_certificates == ClientCertificates::Required,
            only_tls13: self.minimum_version == TlsVersion::V13,
        }
    }
}

fn handshake() -> Period {
    Period::seconds(10)
}

/// What is asked of clients when there is a `client_ca`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// A certificate is verified if one is shown.
    #[default]
    Optional,
    /// No certificate, no connection.
    Required,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V13,
}

/// The end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// How long `/readyz` says no before new connections are refused, so that balancers notice.
    pub delay: Period,
    /// How long requests under way may take then.
    pub timeout: Period,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            delay: Period::seconds(0),
            timeout: Period::seconds(30),
        }
    }
}

/// Logs, on standard error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
    /// What is logged: `error`, `warn`, `info` (one line a request), `debug`, or directives of
    /// tracing [default: `warn`, or what `--log` says].
    pub level: Option<String>,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For eyes.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Measurements, in the text format of Prometheus, at `/metrics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Whether there are any.
    pub enabled: bool,
    /// An address of their own, plain HTTP. `/livez` and `/readyz` are there, too.
    pub listen: Option<SocketAddr>,
    /// Whether anybody may read them on the registry's own address when users are known;
    /// otherwise it takes the right to administer.
    pub public: bool,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: None,
            public: false,
        }
    }
}

/// Traces, sent by OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tracing {
    /// The collector, such as `http://localhost:4318`; `/v1/traces` is added when there is no path.
    pub endpoint: Option<String>,
    /// Part of the requests that are traced when the client does not say, 0 to 1.
    pub sample_ratio: f64,
    /// `service.name` of the spans.
    pub service_name: String,
    /// How long an export may take.
    pub timeout: Period,
}

impl Default for Tracing {
    fn default() -> Self {
        Self {
            endpoint: None,
            sample_ratio: 1.0,
            service_name: "lazaret-registry".to_owned(),
            timeout: Period::seconds(10),
        }
    }
}
