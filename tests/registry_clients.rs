//! Clients made by others against a registry with TLS, by each way to say who one is: images of
//! several layers, indexes and artifacts, there and back.

mod containerd;
mod content;
mod docker;
mod issuer;
mod podman;
mod registry;
mod scheme;
mod skopeo;

use content::Content;
use registry::Registry;
use scheme::Scheme;

/// Runs a client's round trip with each scheme.
fn with_each_scheme(listen: &[&str], round_trip: impl Fn(&Registry, &Content)) {
    let content = Content::new();
    for scheme in Scheme::ALL {
        let registry = Registry::start(scheme, listen);
        eprintln!("{scheme:?} at {}", registry.address);
        round_trip(&registry, &content);
    }
}
