//! What a hostile guest does with its network: frames, TCP segments that fit to answers, streams.
#![no_main]

use lazaret_egress::stack_fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| stack_fuzzing::frames(input));
