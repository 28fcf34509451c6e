use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use super::*;

/// A file of 8 MiB with something on a few pages.
fn example(path: &Path) -> Vec<u8> {
    let file = File::create_new(path).unwrap();
    file.set_len(8 << 20).unwrap();
    for offset in [0, 3_000_000, (8 << 20) - 5] {
        file.write_all_at(b"data!", offset).unwrap();
    }
    std::fs::read(path).unwrap()
}

#[test]
fn copies_are_equal_and_keep_their_holes() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to, hand] = ["from", "to", "hand"].map(|name| folder.path().join(name));
    let content = example(&from);
    duplicate(&from, &to).unwrap();
    assert!(std::fs::read(&to).unwrap() == content);
    let copied = std::fs::metadata(&to).unwrap();
    assert!(copied.blocks() * 512 < 1 << 20, "{}", copied.blocks());
    assert!(duplicate(&from, &to).is_err(), "it replaces nothing");

    let (source, target) = (File::open(&from).unwrap(), File::create(&hand).unwrap());
    by_hand(&source, &target, (0, 0), 8 << 20).unwrap();
    assert!(std::fs::read(&hand).unwrap() == content);
}
