//! Tests of what only EROFS does.

use std::fs;

use crate::tests::{Tar, build_layers, build_with, mount, small, spec, unmount};
use crate::{Attributes, FileSystem, Options};

fn erofs() -> Options {
    Options {
        file_system: FileSystem::Erofs,
        ..small()
    }
}

const MIB: usize = 1 << 20;

/// A hole of 1 MiB takes no room in the image; smaller ones are data.
#[test]
fn large_holes_are_no_data() {
    let mut content = vec![7; 5 * MIB + 100];
    content[MIB..3 * MIB].fill(0);
    content[3 * MIB + 4096..3 * MIB + 8192].fill(0);
    let zeros = vec![0; 40 * MIB];
    let fill = |disk: &mut crate::DiskBuilder| {
        disk.add_file("holes", Attributes::new(0o644), &content[..])?;
        disk.add_file("zeros", Attributes::new(0o644), &zeros[..])?;
        disk.add_file("plain", Attributes::new(0o644), &content[..MIB])
    };
    let disk = build_with(erofs(), fill).unwrap();
    assert!(disk.summary.size < 5 * MIB as u64, "{}", disk.summary.size);
    let point = disk.folder().join("point");
    fs::create_dir(&point).unwrap();
    if mount(&disk.path, &point, "loop,ro") {
        let read = |name: &str| fs::read(point.join(name)).unwrap();
        let seen = [read("holes"), read("zeros"), read("plain")];
        unmount(&point);
        assert!(seen[0] == content && seen[1] == zeros && seen[2] == content[..MIB]);
    }
}

/// An attribute of many files is stored once.
#[test]
fn equal_attributes_are_shared() {
    let value = "v".repeat(3000);
    let layer = (0..500).fold(Tar::new(), |tar, n| {
        tar.entry(spec(b'0', format!("{n}")).pax("SCHILY.xattr.user.k", &value))
    });
    let disk = build_layers(erofs(), &[layer.end()]).unwrap();
    assert!(disk.summary.size < 100_000, "{}", disk.summary.size);
}

/// Data of lower layers that upper ones replaced takes no room on the host.
#[test]
fn replaced_files_become_holes() {
    let lower = Tar::new().file("f", vec![1; 8 * MIB]).end();
    let upper = Tar::new().file("f", "small").end();
    let disk = build_layers(erofs(), &[lower, upper]).unwrap();
    assert!(disk.host_bytes() < MIB as u64, "{}", disk.host_bytes());
}

/// The end of a link or directory that does not fit the inode's block gets its own block.
#[test]
fn attributes_and_targets_of_every_length() {
    let tar = (0..64).fold(Tar::new(), |tar, n| {
        let target = "t".repeat(1 + n * 64);
        let value = "v".repeat(n * 60);
        tar.entry(
            spec(b'2', format!("link-{n}"))
                .link(&target[..target.len().min(4095)])
                .pax("SCHILY.xattr.trusted.k", &value),
        )
        .entry(spec(b'5', format!("dir-{n}")).pax("SCHILY.xattr.user.k", &value))
        .file(format!("dir-{n}/{target:.255}"), "x")
    });
    let disk = crate::tests::build(&[tar.end()]);
    let dump = crate::tests::Dump::of(&disk);
    assert_eq!(dump.names().len(), 3 * 64);
}
