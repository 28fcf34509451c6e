//! What every reader of hostile bytes may take. Each reader is driven through its public entry, in a
//! process of its own, with the worst inputs of its kind, none of which is larger than 4 MiB. It may
//! end well or in an error, but within its time and memory.
//!
//! `docs/guide/registry-security.md` lists the readers with their bounds. The tests print what each
//! input took; run them with `--nocapture`, and with `LAZARET_TEST_PROGRAM=$PWD/target/release/lazaret` for
//! what users get.

mod answers;
mod archives;
mod bombs;
mod cost;
mod disks;
mod documents;
mod frames;
mod kernels;
mod layers;
mod pages;
