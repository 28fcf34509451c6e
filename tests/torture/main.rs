//! Torture tests of the registry: power loss, kills, races, hostile requests.
//!
//! The server is the real binary. All random choices follow from a seed that is printed;
//! `LAZARET_TORTURE_SEED` repeats a run. `LAZARET_TORTURE_ROUNDS` (kills), `LAZARET_TORTURE_RACES`
//! and `LAZARET_TORTURE_STATES` (of the disk) make it longer (`make torture`).
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod content;
mod failover;
mod hostile;
mod kill;
mod model;
mod power_loss;
mod races;
mod server;

/// A number from the environment, or the default.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// The seed of this run, which is printed so that a failure can be repeated.
fn seed(test: &str) -> u64 {
    let seed = setting("LAZARET_TORTURE_SEED", 2026);
    eprintln!("{test}: LAZARET_TORTURE_SEED={seed}");
    seed
}
