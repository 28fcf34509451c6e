//! The ten typed artifact families: schemas, validation, mount rules and the bundle resolver.
//!
//! A document becomes a [`Config`] when its family's [`Schema`] and the further rules find
//! no fault in it ([`validate`]); all later code reads the `Config` and does not check
//! it again. [`resolve()`] turns a reference into a [`Resolved`] run; it fetches through
//! the port [`ArtifactSource`]. [`RunSpec::merge`] applies the command line to it.
//!
//! The crate does no I/O: `supervisor` implements the port over `client`, and `registry` validates
//! pushed artifacts with it. References and digests are in `oci`.
//!
//! An object of a `spec` is closed if a misspelt and so ignored member would change what an agent
//! may do. The closed objects are the envelope itself, `mount`, every
//! `{ref, digest?}`, `components` of a bundle, `network` of a policy and its rules,
//! `endpoints` and `credentials` of an integration, `resources` of a sandbox, and
//! `credentials` of an agent. All others accept further members.

mod agent;
mod arrange;
mod bundle;
mod component;
mod config;
mod error;
mod family;
mod fault;
mod infer;
mod mount;
mod mounted;
mod policy_edit;
mod policy_file;
mod precedence;
mod publish;
mod quantity;
mod resolve;
mod rules;
mod sandbox;
mod schema;
mod source;
#[cfg(test)]
mod tests;
mod types;
mod validate;

pub use agent::{AgentSpec, Command, Credential};
pub use arrange::arrange_mounts;
pub use bundle::{BundleSpec, Slot};
pub use component::ComponentRef;
pub use config::Config;
pub use error::Error;
pub use family::{API_VERSION, Class, Family};
pub use fault::{Fault, MAX_FAULTS};
pub use mount::{GuestPath, Mount, MountFlag, MountTarget, mount_target};
pub use mounted::{ArtifactMount, Payload};
pub use policy_edit::{add_rule, new_policy, policy_text, remove_rules, replace_rule};
pub use policy_file::{PolicyFile, integration_id};
pub use precedence::{DEFAULT_CPUS, DEFAULT_MEMORY_MIB, RunFlags, RunSpec};
pub use publish::{Port, Volume};
pub use quantity::{parse_cpus, parse_memory, parse_memory_flag};
pub use resolve::{
    ArtifactSource, Component, Fetched, FetchedKind, Integration, ResolveError, Resolved, RunKind,
    Warning, resolve,
};
pub use sandbox::{Isolation, Resources, SandboxSpec};
pub use schema::Schema;
pub use source::{
    MAX_CONFIG_BYTES, Place, Places, canonical_blob, parse_blob, parse_documents, parse_source,
};
pub use types::{TypeInfo, catalogue};
pub use validate::{validate, validate_blob};
