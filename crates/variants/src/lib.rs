//! Kernels and guest images by name: the document `port.toml` and the values around it. No I/O.
//!
//! [`Document::parse`] reads the whole document and finds every fault at once, each with line and
//! column; code that has a [`Document`] never checks it again.
//!
//! ```text
//! document    port.toml: artifacts, control planes, hosts, machines
//! parse       text to document
//!   read        one table a file, over `section`, which remembers places and unknown keys
//!               and what several tables must agree on
//! selector    which variant: architecture/substrate/protection mode
//! reference   registry, repository and version, fit to be parts of paths
//! layout      where a variant is in a store, and its tag in a registry
//! transfer    what the hosted API's clients and servers tell each other
//! index       the index of the variants in a registry
//! ```
//!
//! Source: `port.toml`, the layouts and the hosted API are those of Port, with additions of ours: the
//! substrate `qemu` and the tables `source`.

mod artifact;
mod control_plane;
mod distribution;
mod document;
mod endpoint;
mod error;
mod fault;
mod host;
mod index;
mod layout;
mod machine;
pub mod media_type;
mod parse;
mod part;
mod read;
mod recipe;
mod reference;
mod section;
mod selector;
mod sink;
#[cfg(test)]
mod tests;
mod transfer;
mod word;

pub use artifact::{Artifact, ArtifactKind, Variant};
pub use control_plane::ControlPlane;
pub use distribution::{BackendSettings, Distribution, RegistryAuth, Transport};
pub use document::Document;
pub use endpoint::Endpoint;
pub use error::Error;
pub use fault::{Fault, Faults};
pub use host::{Connection, Host, HostPlatform, Provider, PvmDecision, PvmLane};
pub use index::{TaggedVariant, variant_index, variant_of_tag};
pub use layout::{INITRD, StorePath, hosted_root};
pub use machine::{GuestControl, Machine, MachineVolume};
pub use parse::{LARGEST_DOCUMENT, Parsed};
pub use part::check_part;
pub use recipe::{ExtraFile, GuestRecipe, KernelOrigin, KernelSource, Recipe};
pub use reference::ArtifactReference;
pub use selector::{Architecture, ProtectionMode, Selector, Substrate};
pub use transfer::{
    AUDIENCE_HEADER, DIGEST_HEADER, PULL_PATH, PUSH_PATH, Refusal, Route, TRANSFER_HEADER,
    Transfer, TransferAnswer, TransferResult,
};
