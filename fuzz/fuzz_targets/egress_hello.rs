//! The first bytes of a guest's connection.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| lazaret_egress::fuzzing::hello(bytes));
