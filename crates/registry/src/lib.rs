//! The HTTP registry and schema authority: distribution-spec 1.1 over any blob store and
//! metadata.
//!
//! ```text
//! server    connections, TLS, limits, drain
//! operations    reload, health, metrics, traces, events
//! service   one request
//!   caller  the peer and its identity, by lazaret-auth
//!   route   path -> Route, a pure parser
//!     blobs uploads manifests listings extensions    one verb a file
//!       Schemas (port)     which configurations are valid
//!       BlobStore, Metadata (ports of lazaret-content)
//! ```
//! The ephemeral registry is this one over a temporary folder ([`Registry::ephemeral`]).

mod act;
mod caller;
pub mod config;
mod distribution;
mod error;
mod events;
mod extensions;
#[doc(hidden)]
pub mod fuzzing;
mod hashes;
mod http_client;
mod instance;
mod message;
mod probes;
mod registry;
mod rules;
mod schemas;
mod server;
mod service;
mod telemetry;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use instance::{Instance, Notifier, Signals, Source, State, Stores};
pub use lazaret_auth::new_key;
pub use lazaret_content::Durability;
pub use registry::{Limits, Options, Policy, Registry};
pub use rules::{Rule, Rules, VerifyingKey};
pub use schemas::{FamilySchemas, SchemaFault, Schemas};
pub use server::{Server, TlsError};
