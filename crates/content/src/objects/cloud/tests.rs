//! Tests that need a look inside: the form of an upload's state, and leftovers in a bucket.
//! The suites of the ports are in `crates/content/tests`.

mod leftovers;
mod state;
