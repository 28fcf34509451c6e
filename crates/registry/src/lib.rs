//! The registry server and schema authority: serves distribution-spec 1.1 over any store of content
//! and metadata.
//!
//! ```text
//! instance      opens, serves, reloads, drains; the only reader of settings
//!   config      the settings: file, flags, variables
//!   service     one request, from its head to its line in the log
//!     distribution extensions probes control  the verbs, one a file
//!       caller registry terms           who asks; what requests share and are held to
//!         events telemetry              others are told; operators see
//!           server    connections: TLS, HTTP/1.1 and HTTP/2, limits, drain
//!           act       method and path as one checked value
//!           rules schemas stores        what may be pushed; where it goes
//!             message HTTP messages as values
//! ```
//! A module uses those below it and never one above. [`Instance`] is the one way in, for lasting
//! and for ephemeral registries. The crate never decides on users and rights itself (`lazaret-auth`
//! does), stores no content itself (`lazaret-content` does), and never pulls from other registries.
//! Families and their schemas come from `lazaret-artifacts`.

mod act;
mod caller;
pub mod config;
mod control;
mod descriptors;
mod distribution;
mod error;
mod events;
mod extensions;
#[doc(hidden)]
pub mod fuzzing;
mod hashes;
mod http_client;
mod instance;
mod manifest_room;
mod message;
mod mirror;
mod named_file;
mod original;
mod probes;
mod registry;
mod rules;
mod same_secret;
mod schemas;
mod server;
mod service;
mod stores;
mod telemetry;
mod terms;

pub use descriptors::raise_limit;
pub use error::Error;
pub use instance::{
    ControlServer, Instance, Notifier, Root, Signals, Source, StageChoice, State, Upkeep,
    mirror_plans,
};
pub use lazaret_auth::new_key;
pub use rules::KeyError;
pub use schemas::SchemaError;
pub use server::TlsError;
