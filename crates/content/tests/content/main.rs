//! Content and metadata through their ports: one suite a port on every adapter, what is
//! particular to an adapter, and collection beside clients.

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod collect;
mod conformance;
mod objects;
mod sql;
