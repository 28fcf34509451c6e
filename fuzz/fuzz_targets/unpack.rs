//! Archives of a hostile machine: whatever they hold, nothing beside the target changes.
#![no_main]

use std::fs;

use lazaret_tar::{Options, Unpacking, unpack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|archive: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("target");
    let beside = folder.path().join("beside");
    fs::create_dir(&target).expect("the target");
    fs::write(&beside, "untouched").expect("a file beside it");
    let owners = archive.len() % 2 == 0;
    let options = Options {
        owners,
        devices: false,
    };
    let _ = unpack(archive, &target, &Unpacking::Archive, options, &mut |_| {});
    let names = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(names, 2);
    assert_eq!(fs::read(&beside).expect("the file"), b"untouched");
});
