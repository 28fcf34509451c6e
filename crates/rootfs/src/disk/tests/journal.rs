//! Tests of disks with a journal.

use std::fs;
use std::io::Write;

use crate::tests::{build_with, fsck, mount, small, unmount};
use crate::{Attributes, Options};

fn with_journal(size: u64) -> Options {
    Options {
        size: Some(size),
        journal: true,
        ..small()
    }
}

#[test]
fn journals_have_the_size_that_mke2fs_gives() {
    for (size, journal) in [
        (4 << 20, None),
        (16 << 20, Some("4096k")),
        (512 << 20, Some("16M")),
        (1 << 30, Some("32M")),
        (3 << 30, Some("64M")),
        (80 << 30, Some("512M")),
    ] {
        let disk = build_with(with_journal(size), |disk| {
            disk.add_file("f", Attributes::new(0o644), &b"content"[..])
        });
        let disk = disk.unwrap();
        let header = disk.debugfs("stats");
        assert_eq!(header.contains("has_journal"), journal.is_some(), "{size}");
        let log = disk.debugfs("logdump");
        if let Some(journal) = journal {
            let text = String::from_utf8(
                std::process::Command::new("dumpe2fs")
                    .arg("-h")
                    .arg(&disk.path)
                    .output()
                    .unwrap()
                    .stdout,
            );
            let text = text.unwrap();
            assert!(
                text.lines()
                    .any(|line| line.contains("journal size") && line.ends_with(journal)),
                "{size}: {text}"
            );
            assert!(!log.contains("error"), "{log}");
        }
        assert!(disk.host_bytes() < 8 << 20, "a journal is a hole at first");
    }
}

/// Data that a machine synced before a hard stop is there when the disk is mounted again.
#[test]
fn a_journal_is_replayed_after_a_hard_stop() {
    let disk = build_with(with_journal(64 << 20), |disk| {
        disk.add_directory("d", Attributes::new(0o755))
    });
    let disk = disk.unwrap();
    let (point, copy) = (disk.folder().join("point"), disk.folder().join("copy.img"));
    fs::create_dir(&point).unwrap();
    if !mount(&disk.path, &point, "loop") {
        return;
    }
    for n in 0..200 {
        let mut file = fs::File::create(point.join(format!("d/{n}"))).unwrap();
        file.write_all(b"content").unwrap();
        file.sync_all().unwrap();
    }
    // The disk at this moment, not unmounted.
    fs::copy(&disk.path, &copy).unwrap();
    unmount(&point);
    assert!(mount(&copy, &point, "loop"), "the copy must mount");
    let files = fs::read_dir(point.join("d")).unwrap().count();
    unmount(&point);
    assert_eq!(files, 200);
    fsck(&copy);
    disk.check();
}
