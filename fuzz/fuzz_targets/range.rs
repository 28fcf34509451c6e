//! `Range` and `Content-Range`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, &str)| lazaret_registry::fuzzing::range(input.1, input.0));
