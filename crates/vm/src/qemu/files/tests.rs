//! Tests of `files`.

use std::io::{Read as _, Seek as _};

use ring::digest::digest;

use super::*;

fn file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(file.path(), content).unwrap();
    file
}

#[test]
fn what_boots_is_compared_with_its_hash() {
    let file = file();
    let mut range = BootRange {
        offset: 4096,
        length: 2_100_000,
        sha256: String::new(),
    };
    let content = std::fs::read(file.path()).unwrap();
    let wanted = &content[4096..4096 + 2_100_000];
    range.sha256 = lazaret_values::hex(digest(&SHA256, wanted).as_ref());
    let mut copy = File::from(checked_range(file.path(), &range).unwrap());
    copy.rewind().unwrap();
    let mut bytes = Vec::new();
    copy.read_to_end(&mut bytes).unwrap();
    assert!(bytes == wanted);
    let refused = |range: &BootRange| checked_range(file.path(), range).unwrap_err();
    let changed = BootRange {
        offset: 4097,
        ..range.clone()
    };
    assert!(matches!(refused(&changed), Error::FileChanged { .. }));
    let huge = BootRange {
        length: u64::MAX,
        ..range.clone()
    };
    assert!(matches!(refused(&huge), Error::FileChanged { .. }));
    let behind = BootRange {
        offset: 2_000_000,
        ..range
    };
    assert!(matches!(refused(&behind), Error::Io { .. }));
}

#[test]
fn a_disk_is_in_the_file_that_was_checked() {
    let file = file();
    let range = DiskRange {
        offset: 4096,
        length: 4096,
        file: FileIdentity::of(file.as_file()).unwrap(),
    };
    same_file(file.path(), &range).unwrap();
    // Another file with the same content and times.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    std::fs::copy(file.path(), &other).unwrap();
    let times =
        std::fs::FileTimes::new().set_modified(file.path().metadata().unwrap().modified().unwrap());
    File::options()
        .write(true)
        .open(&other)
        .unwrap()
        .set_times(times)
        .unwrap();
    assert!(matches!(
        same_file(&other, &range),
        Err(Error::FileChanged { .. })
    ));
    // The same file, written to.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let writer = File::options().write(true).open(file.path()).unwrap();
    writer.write_all_at(b"!", 5000).unwrap();
    assert!(matches!(
        same_file(file.path(), &range),
        Err(Error::FileChanged { .. })
    ));
}
