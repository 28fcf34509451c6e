//! The manifests of packs.
#![no_main]

use lazaret_pack::{Footer, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, u64, &[u8])| {
    let (program, manifest, bytes) = input;
    let footer = Footer {
        file: manifest.saturating_add(bytes.len() as u64 + 128),
        program,
        manifest,
        manifest_size: bytes.len() as u64,
        signature_size: 0,
        digest: [0; 32],
    };
    if let Ok(read) = Manifest::parse(bytes, &footer) {
        assert_eq!(read.encode(), bytes);
        for section in &read.sections {
            assert!(section.offset + section.size <= manifest);
        }
    }
});
