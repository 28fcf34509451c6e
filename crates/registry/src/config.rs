//! The settings of a registry: joins a TOML file, flags and environment variables to one typed
//! value.
//!
//! ```text
//! registry.toml ---\
//! LAZARET_SERVE_* --+-- Document (values with their origins) -- Config -- check
//! --flags ---------/
//! ```
//! Every fault has its place: line and column of the file, or the flag or variable. Nothing below
//! this module reads settings: `instance` turns them into plain values and passes those down.
//! Nothing here opens a store or a socket.

mod check;
mod check_control;
mod check_upstreams;
mod control_planes;
mod document;
mod fault;
mod limits;
mod position;
mod repositories;
mod schema;
mod storage;
#[cfg(test)]
mod tests;
mod types;
mod upstreams;

pub use check::check;
pub(crate) use check_upstreams::endpoint;
pub use control_planes::ControlPlaneSettings;
pub(crate) use control_planes::largest as largest_artifact;
pub use document::{Document, Overrides};
pub use fault::{Fault, Faults};
pub use limits::{EventKind, Limits, Webhook};
pub use position::Origin;
pub use repositories::{Collecting, Keep, RepositoryRule, RequiredSignature, RetentionRule};
pub use schema::{Kind, Setting, schema, settings};
pub use storage::{Bucket, Files, Metadata, Postgres, Sqlite, Storage};
pub use types::{
    ClientCertificates, Config, Drain, Log, LogFormat, Metrics, Tls, TlsVersion, Tracing,
};
pub use upstreams::{
    AcrSettings, HelperSettings, KubeletSettings, LaneSettings, Mirroring, OriginalApi,
    PipelineSettings, PlainStage, ProgramSettings, StageSetting, Upstream, UpstreamCredentials,
    UpstreamProxy,
};
