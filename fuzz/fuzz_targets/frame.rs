//! Frames of a hostile guest.
#![no_main]

use lazaret_protocol::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(7) {
        decoder.push(piece);
        while let Ok(Some(frame)) = decoder.next_frame() {
            assert!(frame.payload.len() <= bytes.len());
        }
    }
});
