//! End-to-end tests: the binary as users run it, with real clients and real machines.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod audit;
mod boots;
mod catalogue;
mod cleanup;
mod clients;
mod daemon;
mod disks;
mod docker_flags;
mod documents;
mod effects;
mod endings;
mod families;
mod flags;
mod guest_images;
mod hostile_layers;
mod images;
mod limits;
mod machines;
mod mirrors;
mod network;
mod packs;
mod policies;
mod registry_clients;
mod registry_with;
mod reproducible;
mod run_bundle;
mod run_contract;
mod run_image;
mod secrets;
mod sessions;
mod setup;
mod substrates;
mod support;
mod surroundings;
mod variants;
