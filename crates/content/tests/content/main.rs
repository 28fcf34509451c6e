//! Tests of content and metadata through their ports: one suite for each port on every adapter,
//! tests of single adapters, and collection while clients work.

#![allow(clippy::unwrap_used, reason = "this is a test")]

mod collect;
mod conformance;
mod objects;
mod sql;
