//! The sections on limits of clients and on webhooks.

use std::path::PathBuf;

use lazaret_values::{Pattern, Period, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one client may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest manifest.
    pub manifest_bytes: Size,
    /// Largest blob; any, when nothing is said.
    pub blob_bytes: Option<Size>,
    /// Uploads of all repositories that are not finished. Those that were idle for an hour make room.
    pub uploads: u32,
    /// Uploads of one repository that are not finished.
    pub uploads_per_repository: u32,
    /// Requests a second of one user or address; any number, when nothing is said.
    pub requests_per_second: Option<f64>,
    /// Requests that may come at once beyond that.
    pub request_burst: u32,
    /// Requests of one user or address under way at once; any number, when nothing is said.
    pub concurrent_requests: Option<u32>,
    /// Connections open at once; more wait.
    pub connections: u32,
    /// Connections of one address (IPv6: of one /64); more are closed. Loopback has no limit.
    pub connections_per_address: u32,
    /// How long a request's header may take.
    pub header_timeout: Period,
    /// Longest silence within a body, and longest time that a client takes nothing of an answer.
    pub body_timeout: Period,
    /// How long a connection may be open without a request.
    pub idle_timeout: Period,
    /// Bytes a second that a client must send and take, on average over `transfer_window`;
    /// `0B` for none. Time that the registry itself needs does not count.
    pub minimum_transfer_rate: Size,
    /// See `minimum_transfer_rate`.
    pub transfer_window: Period,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            manifest_bytes: Size::mebibytes(4),
            blob_bytes: None,
            uploads: 20_000,
            uploads_per_repository: 1000,
            requests_per_second: None,
            request_burst: 200,
            concurrent_requests: None,
            connections: 4096,
            connections_per_address: 1024,
            header_timeout: Period::seconds(30),
            body_timeout: Period::seconds(60),
            idle_timeout: Period::seconds(120),
            minimum_transfer_rate: Size(1024),
            transfer_window: Period::seconds(60),
        }
    }
}

/// Somebody who is told what happens, by CloudEvents over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Name of the target, unique. Events that wait belong to the name.
    pub name: String,
    /// Where events are posted to.
    pub url: String,
    /// What is told; everything but pulls, when nothing is said.
    #[serde(default = "usual_events")]
    pub events: Vec<EventKind>,
    /// Which repositories are told of; all, when nothing is said.
    #[serde(default)]
    pub repositories: Vec<Pattern>,
    /// File with the secret that signs each event (HMAC-SHA256).
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub secret_file: Option<PathBuf>,
    /// How long a delivery may take.
    #[serde(default = "delivery")]
    pub timeout: Period,
    /// Deliveries at once, 1 to 4. With 1, events come in order unless one fails.
    #[serde(default = "one")]
    pub concurrency: u8,
    /// How long an event is tried before it is given up.
    #[serde(default = "give_up")]
    pub give_up_after: Period,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum EventKind {
    /// A manifest was pushed.
    #[serde(rename = "manifest.pushed")]
    ManifestPushed,
    /// A manifest was pulled.
    #[serde(rename = "manifest.pulled")]
    ManifestPulled,
    /// A manifest was deleted.
    #[serde(rename = "manifest.deleted")]
    ManifestDeleted,
    /// A tag was deleted.
    #[serde(rename = "tag.deleted")]
    TagDeleted,
    /// A blob was deleted.
    #[serde(rename = "blob.deleted")]
    BlobDeleted,
}

fn usual_events() -> Vec<EventKind> {
    use EventKind::{BlobDeleted, ManifestDeleted, ManifestPushed, TagDeleted};
    vec![ManifestPushed, ManifestDeleted, TagDeleted, BlobDeleted]
}

fn delivery() -> Period {
    Period::seconds(10)
}

fn one() -> u8 {
    1
}

fn give_up() -> Period {
    Period::hours(7 * 24)
}
