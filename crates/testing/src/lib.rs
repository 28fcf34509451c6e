//! Harnesses of tests: what runs beside a test, or stands for its other side.
//!
//! * [`server`]: programs that serve, from their start to their end; [`docker_registry`],
//!   [`postgres`], [`moto`] and [`garage`] are such programs, each private to the test process.
//! * [`service`]: a server in the test's own process.
//! * [`http`]: a client that sends exactly what a test says, and a peer that answers so.
//! * [`program`]: programs that run to their end.
//! * [`machine`]: the kernel and images that machines boot from, and machines in a plain QEMU.
//!
//! Only tests and `xtask` depend on this crate. It knows nothing of Lazaret: no crate of the
//! workspace is below it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "only tests use it: they fail by panics and explain on standard error"
)]

pub mod docker_registry;
pub mod garage;
pub mod http;
pub mod machine;
pub mod made;
pub mod moto;
pub mod postgres;
pub mod program;
mod ready;
pub mod server;
pub mod service;
