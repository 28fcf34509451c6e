//! What is in the layers is what is on the disk.

use crate::testing::{Tar, build, build_with, gzip, small, spec};
use crate::{Attributes, Options};

#[test]
fn an_empty_disk_is_clean() {
    let disk = build_with(small(), |_| Ok(())).unwrap();
    assert_eq!(disk.summary.size, 16 << 20);
    assert!(disk.exists("/lost+found"));
}

#[test]
fn files_come_out_as_they_went_in() {
    let long = "x".repeat(100_000);
    let layer = Tar::new()
        .dir("etc")
        .file("etc/hello", "hello\n")
        .file("long", &long)
        .end();
    let disk = build(&[gzip(&layer)]);
    assert_eq!(disk.content("/etc/hello"), b"hello\n");
    assert_eq!(disk.content("/long"), long.as_bytes());
}
