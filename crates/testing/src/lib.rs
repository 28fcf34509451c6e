//! Harnesses of tests: programs that run beside a test, and peers that it talks to.
//!
//! * [`server`]: programs that serve, from their start to their end. [`docker_registry`],
//!   [`nginx`], [`postgres`], [`moto`] and [`garage`] are such programs, private to the test process.
//! * [`service`]: a server in the test's own process.
//! * [`http`]: a client that sends exactly the bytes of a test, and a peer that answers so.
//! * [`program`]: programs that run to their end.
//! * [`hypervisor`]: stands in for Firecracker and Cloud Hypervisor.
//! * [`machine`]: kernels and images that machines boot from, and machines in a plain QEMU.
//!
//! Only tests and `xtask` depend on this crate, and it is never shipped. It knows nothing of
//! Lazaret and uses no other crate of the workspace.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "only tests use it: they fail by panics and explain on standard error"
)]

pub mod docker_registry;
pub mod garage;
pub mod http;
pub mod hypervisor;
pub mod machine;
pub mod made;
pub mod moto;
pub mod nginx;
pub mod postgres;
pub mod program;
mod ready;
pub mod server;
pub mod service;
