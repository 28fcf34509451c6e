//! Requests that get credentials.
//!
//! Input: the target, then headers, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| lazaret_egress::fuzzing::request(bytes));
