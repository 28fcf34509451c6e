//! The mirror, behaviour by behaviour: what clients get, and what the upstream is asked for.
//!
//! Upstreams are scripted servers that count every request, and the registry of the distribution
//! project behind a proxy that does. The mirror is an instance in the test's own process, which ends
//! as a killed process does, without a farewell.

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod access;
mod bytes;
mod cold;
mod endpoints;
mod eviction;
mod fills;
mod forgery;
mod forms;
mod harness;
mod headers;
mod hostile;
mod limits;
mod measures;
mod oras;
mod original_api;
mod patience;
mod programs;
mod real;
mod referrers;
mod signatures;
mod stages;
mod teleport;
mod warm;
