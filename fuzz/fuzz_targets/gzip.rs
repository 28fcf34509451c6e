//! gzip framing: whatever ours decodes, another decoder decodes to the same, and the other way round.
//!
//! Input: bytes that are read at a time, bytes that are written at a time, then the stream.
#![no_main]

use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use lazaret_rootfs::fuzzing::gunzip;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    // Nothing at all is no gzip to whoever looks at the first bytes.
    let [read, write, stream @ ..] = input else {
        return;
    };
    if stream.is_empty() {
        return;
    }
    let (read, write) = (usize::from(*read) + 1, usize::from(*write) * 16 + 1);
    let ours = gunzip(stream, read, write, LIMIT);
    let mut theirs = Vec::new();
    let decoded = MultiGzDecoder::new(stream)
        .take(LIMIT as u64 + 1)
        .read_to_end(&mut theirs);
    if theirs.len() > LIMIT {
        return;
    }
    match (ours, decoded) {
        (Ok(ours), Ok(_)) => assert!(ours == theirs),
        (Err(error), Ok(_)) => panic!("only ours refuses it: {error}"),
        (Ok(_), Err(error)) => panic!("only ours takes it: {error}"),
        (Err(_), Err(_)) => {}
    }
});
