//! Questions for names.
#![no_main]

use lazaret_egress::stack_fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|question: &[u8]| stack_fuzzing::dns(question));
