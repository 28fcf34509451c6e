//! Mirrors registries: content of upstreams is fetched once, verified, kept in a registry's stores,
//! and may be swapped for a form that clients stream.
//!
//! ```text
//! request -> places (which upstream?) -> pipeline (which stages?) -> manifests blobs listings swaps
//!                                                                      |         \
//!                                                          upstream (ask, fall back, wait)  cache (fill, read)
//! ```
//! The crate never sees HTTP requests of clients and answers none: `registry` does. What it fetches
//! becomes content of the registry, under repositories that begin with the upstream's prefix.

mod blobs;
mod cache;
mod counts;
mod error;
mod evidence;
mod flights;
mod formats;
mod inspector;
mod listings;
mod logins;
mod manifests;
mod mirror;
mod passage;
mod pipeline;
mod places;
mod plan;
mod prefetch;
mod programs;
mod remote_blob;
mod settings;
mod swap_memory;
mod swaps;
mod upkeep;
mod upstream;

pub use blobs::{Coming, MirroredBlob, Part};
pub use counts::{Counts, Served, Snapshot};
pub use error::Error;
pub use formats::{Format, UnknownFormat};
pub use inspector::{Evidence, Inspector};
pub use logins::Standing;
pub use manifests::Found;
pub use mirror::Mirror;
pub use pipeline::{Asked, Lane, Method, Pipeline, Program, Resource, Stage};
pub use places::{Address, Entry};
pub use plan::{Explanation, Plan, PlannedStage};
pub use prefetch::Prefetched;
pub use settings::{Endpoint, MakeClient, Settings, UpstreamSettings};
pub use upkeep::Eviction;
pub use upstream::Upstream;
