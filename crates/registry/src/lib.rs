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

mod answer;
mod blobs;
mod body;
mod caller;
pub mod config;
mod error;
mod extensions;
#[doc(hidden)]
pub mod fuzzing;
mod listings;
mod manifests;
pub mod operations;
mod query;
mod range;
mod registry;
mod route;
mod rules;
mod schemas;
mod server;
mod service;
#[cfg(test)]
mod tests;
mod token;
mod uploads;
mod zero_copy;

pub use error::Error;
pub use lazaret_auth::new_key;
pub use lazaret_content::Durability;
pub use registry::{Limits, Options, Policy, Registry};
pub use rules::{Rule, Rules, VerifyingKey};
pub use schemas::{FamilySchemas, SchemaFault, Schemas};
pub use server::{Server, TlsError};
