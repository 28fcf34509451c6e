//! Tests of the ports for images: one suite, which every place on this machine passes. The registry
//! runs the same suite in the crate of its adapter.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

mod archives;
mod places;
mod suite;
