//! Machines of the real kernel and guest in the installed QEMU. `scripts/kernel.sh` fetches the
//! kernel.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "helpers of tests are tests, too"
)]

#[path = "machines/jail.rs"]
mod jail;
#[path = "machines/probe.rs"]
mod probe;
#[path = "machines/templates.rs"]
mod templates;
#[path = "machines/timing.rs"]
mod timing;
#[path = "machines/vmm.rs"]
mod vmm;
#[path = "machines/world.rs"]
mod world;
