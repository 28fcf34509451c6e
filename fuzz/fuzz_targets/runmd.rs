//! Configurations of the original mirror.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| lazaret_node::fuzzing::runmd(bytes));
