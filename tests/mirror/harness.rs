//! The harness of all tests: scripted upstreams, images, the mirror, and its clients.

mod client;
mod content;
mod fault;
mod gate;
mod image;
mod proxy;
mod seen;
mod served;
mod trap;
mod upstream;

pub(crate) use client::{Answer, Reading, until};
pub(crate) use content::{LARGE, Stored, large, noise};
pub(crate) use fault::Fault;
pub(crate) use gate::Gate;
pub(crate) use image::{Image, index_of, manifest_of};
pub(crate) use proxy::Proxy;
pub(crate) use served::{Served, blob_path, manifest_path, tag_path};
pub(crate) use trap::Trap;
pub(crate) use upstream::Upstream;

/// One MiB.
pub(crate) const MIB: u64 = 1024 * 1024;
