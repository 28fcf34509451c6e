//! The footers of packs, Lazaret's and smolvm's.
#![no_main]

use std::os::unix::fs::FileExt as _;

use lazaret_pack::{FOOTER_BYTES, Footer, ForeignPack, Pack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(footer) = bytes.first_chunk::<FOOTER_BYTES>() {
        let _ = Footer::decode(footer, bytes.len() as u64);
        // One whose own hash fits: somebody has made it.
        let word = |at: usize| u64::from_le_bytes(footer[at..at + 8].try_into().unwrap());
        let made = Footer {
            file: word(0),
            program: word(8),
            manifest: word(16),
            manifest_size: word(24),
            signature_size: word(32),
            digest: [0; 32],
        };
        if let Ok(read) = Footer::decode(&made.encode(), made.file) {
            assert_eq!(read, made);
            assert!(read.manifest + read.manifest_size + read.signature_size < read.file);
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all_at(bytes, 0).unwrap();
    let _ = Pack::open(file.path());
    if let Ok(Some(pack)) = ForeignPack::open(file.path()) {
        let (offset, size) = pack.assets;
        assert!(offset + size <= bytes.len() as u64);
    }
});
