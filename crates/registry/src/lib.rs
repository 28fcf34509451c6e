//! The HTTP registry and schema authority: distribution-spec 1.1 over any blob store and
//! metadata.
//!
//! ```text
//! server    connections, limits, drain
//! service   one request
//!   route   path -> Route, a pure parser
//!     blobs uploads manifests listings extensions    one verb a file
//!       Schemas (port)     which configurations are valid
//!       BlobStore, Metadata (ports of lazaret-store)
//! ```
//! The ephemeral registry is this one over a temporary folder ([`Registry::ephemeral`]).

mod answer;
mod blobs;
mod body;
mod error;
mod extensions;
mod listings;
mod manifests;
mod query;
mod range;
mod registry;
mod route;
mod schemas;
mod server;
mod service;
mod stall;
#[cfg(test)]
mod tests;
mod uploads;

pub use error::Error;
pub use lazaret_store::Durability;
pub use registry::{Options, Registry};
pub use schemas::{FamilySchemas, SchemaFault, Schemas};
pub use server::Server;
