//! The query part of URLs.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| lazaret_registry::fuzzing::query(text));
