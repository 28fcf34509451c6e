//! What replicas tell each other of an upload: its name and how far it is.
//!
//! Input: the size in decimal, the name and the state, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let size = lines.next().and_then(|line| line.parse().ok());
    let (name, state) = (lines.next(), lines.next());
    lazaret_content::fuzzing::upload_state(
        name.unwrap_or_default(),
        size.unwrap_or_default(),
        state.unwrap_or_default(),
    );
});
