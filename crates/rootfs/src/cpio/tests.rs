//! Tests of the archive against the kernel's description of the format.

use super::Initramfs;
use crate::Error;

fn sample() -> Vec<u8> {
    let mut archive = Initramfs::new(Vec::new());
    archive.directory("dev", 0o755).unwrap();
    archive.char_device("dev/console", 0o600, 5, 1).unwrap();
    archive.file("/init", 0o755, b"#!/bin/sh\n").unwrap();
    archive.symlink("sbin", "bin").unwrap();
    archive.finish().unwrap()
}

/// Name, the numbers of the header, and content.
type Entry = (String, Vec<u32>, Vec<u8>);

/// A second parser of the format, independent of the writer.
fn parse(archive: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        assert_eq!(&archive[at..at + 6], b"070701");
        let fields: Vec<u32> = archive[at + 6..at + 110]
            .chunks(8)
            .map(|field| u32::from_str_radix(str::from_utf8(field).unwrap(), 16).unwrap())
            .collect();
        let (size, name) = (fields[6] as usize, fields[11] as usize);
        let text = &archive[at + 110..at + 110 + name];
        assert_eq!(text[name - 1], 0);
        let data = (at + 110 + name).next_multiple_of(4);
        at = (data + size).next_multiple_of(4);
        let text = String::from_utf8(text[..name - 1].to_vec()).unwrap();
        if text == "TRAILER!!!" {
            assert_eq!(at, archive.len());
            return entries;
        }
        entries.push((text, fields, archive[data..data + size].to_vec()));
    }
}

#[test]
fn entries_are_laid_out_as_the_kernel_reads_them() {
    let entries = parse(&sample());
    let names: Vec<&str> = entries.iter().map(|(name, _, _)| &name[..]).collect();
    assert_eq!(names, ["dev", "dev/console", "init", "sbin"]);
    let modes: Vec<u32> = entries.iter().map(|(_, fields, _)| fields[1]).collect();
    assert_eq!(modes, [0o040_755, 0o020_600, 0o100_755, 0o120_777]);
    assert_eq!(entries[1].1[9..11], [5, 1]);
    assert_eq!(entries[2].2, b"#!/bin/sh\n");
    assert_eq!(entries[3].2, b"bin");
    for (position, (_, fields, _)) in entries.iter().enumerate() {
        assert_eq!(
            fields[0] as usize,
            position + 1,
            "inodes are numbered in order"
        );
        assert_eq!(
            (fields[2], fields[3], fields[5]),
            (0, 0, 0),
            "owner, group and time are 0"
        );
    }
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    assert_eq!(sample(), sample());
}

#[test]
fn names_are_checked() {
    let mut archive = Initramfs::new(Vec::new());
    for name in ["../x", "", "/", "a\0b"] {
        assert!(
            matches!(archive.file(name, 0o644, b""), Err(Error::BadEntry { .. })),
            "{name:?}"
        );
    }
    assert!(archive.symlink("a", "").is_err());
    assert!(archive.char_device("c", 0o600, 1 << 12, 0).is_err());
}
