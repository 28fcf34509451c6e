//! Kernels and guest images by name: the document `port.toml`, and transfers of variants between the
//! user's files, a cache, and stores.
//!
//! ```text
//! push   local --copied, hashed--> cache (nameless) --> backend --> cache named
//! pull   backend --verified--> cache (nameless) --> local (nameless) --> both named
//! ```
//! `backend` is the port of stores; its adapters are a folder, a registry and a control plane. What a
//! peer says never decides a path: paths come of the document alone. Nothing is visible before it is
//! whole, so a transfer that is interrupted leaves nothing.

mod backend;
mod item;
mod list;
mod open;
mod pull;
mod push;
mod read;
mod transferred;

pub use item::VariantRequest;
pub use list::{
    Availability, Contained, InspectedVariant, ListedArtifact, ListedVariant, inspect_variant,
    list_variants,
};
pub use open::Variables;
pub use read::read_port;
pub use transferred::{MovedFile, Transferred};
