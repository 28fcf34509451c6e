//! Tests clients of other projects against a registry with TLS and each way to log in: they push
//! and pull images of several layers, indexes and artifacts.

mod buildah;
mod containerd;
mod content;
mod docker;
mod http2;
mod issuer;
mod libraries;
mod mirror;
mod podman;
mod registry;
mod scheme;
mod skopeo;

pub(crate) use content::Content;
pub(crate) use docker::Docker;
pub(crate) use libraries::python_clients;
use registry::Registry;
use scheme::Scheme;

/// Runs a client's round trip with each way to log in.
fn with_each_scheme(listen: &[&str], round_trip: impl Fn(&Registry, &Content)) {
    let content = Content::new();
    for scheme in Scheme::ALL {
        let registry = Registry::start(scheme, listen);
        eprintln!("{scheme:?} at {}", registry.address);
        round_trip(&registry, &content);
    }
}
