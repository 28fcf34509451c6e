//! Layers: compression framing, tar, and the tree they make.
#![no_main]

use lazaret_rootfs::{DiskBuilder, Limits, Options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|layer: &[u8]| {
    let limits = Limits {
        bytes: 64 << 20,
        entries: 10_000,
        metadata: 16 << 20,
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let file = tempfile::tempfile().expect("a temporary file");
    let mut disk = DiskBuilder::create(file, options).expect("an empty disk");
    if disk.apply_layer(layer, "").is_ok() {
        let _ = disk.finish();
    }
});
