//! The ports for images: one suite, which every place on this machine passes. The registry passes
//! it too, where its adapter is.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

mod archives;
mod places;
mod suite;
