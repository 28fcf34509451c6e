//! What only a look inside can show: the form of an upload's state, and what stays in a bucket.
//! The suites of the ports are in `crates/content/tests`.

mod leftovers;
mod state;
