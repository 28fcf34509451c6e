//! Tests of directories, from one block to an index of two levels, with the kernel and `debugfs`.

use std::fs;

use crate::tests::{Tar, TestDisk, build_with, mount, small, spec, unmount};
use crate::{Attributes, Error, FileSystem, Options};

/// Long names fill blocks quickly.
fn name(n: u32) -> String {
    format!("{n:06}-{}", "x".repeat(usize::try_from(n % 240).unwrap()))
}

fn directory(options: Options, count: u32) -> TestDisk {
    let fill = |disk: &mut crate::DiskBuilder| -> Result<(), Error> {
        for n in 0..count {
            disk.add_symlink(format!("d/{}", name(n)), n.to_string())?;
        }
        disk.add_directory("d/sub", Attributes::new(0o755))
    };
    build_with(options, fill).unwrap()
}

/// Every name is found, by the kernel if mounting is allowed, and no other is listed.
fn check(disk: &TestDisk, count: u32) {
    let point = disk.folder().join("point");
    fs::create_dir(&point).unwrap();
    if !mount(&disk.path, &point, "loop,ro") {
        return;
    }
    let listed = fs::read_dir(point.join("d")).unwrap().count();
    let found = (0..count).filter(|&n| {
        let target = fs::read_link(point.join("d").join(name(n)));
        target.is_ok_and(|target| target.to_str() == Some(&n.to_string()))
    });
    let found = found.count();
    let missing = point.join("d/no such name").exists();
    unmount(&point);
    assert_eq!((listed, found), (count as usize + 1, count as usize));
    assert!(!missing);
}

#[test]
fn names_are_found_in_directories_of_any_size() {
    for (count, levels) in [
        (10, None),
        (200, Some(0)),
        (3000, Some(0)),
        (20_000, Some(1)),
    ] {
        let options = Options {
            size: Some(64 << 20),
            ..small()
        };
        let disk = directory(options, count);
        let tree = disk.debugfs("htree_dump /d");
        match levels {
            None => assert!(tree.contains("Not a hash-indexed directory"), "{tree}"),
            Some(levels) => assert!(
                tree.contains(&format!("Indirect levels: {levels}")),
                "{tree}"
            ),
        }
        check(&disk, count);
        let options = Options {
            file_system: FileSystem::Erofs,
            ..small()
        };
        check(&directory(options, count), count);
    }
}

/// On EROFS, `.` and `..` are sorted among the other names.
#[test]
fn names_before_the_dots() {
    let names = ["!", "+a", "-", ".-", ".a", "..a", "...", "\u{1}", "~"];
    let tar = names.iter().fold(Tar::new(), |tar, name| {
        tar.entry(spec(b'0', name).data("x"))
    });
    let disk = crate::tests::build(&[tar.end()]);
    let dump = crate::tests::Dump::of(&disk);
    assert_eq!(dump.names().len(), names.len());
}

/// A guest may change a directory that we wrote: split leaves, add levels, remove names.
#[test]
fn a_guest_adds_and_removes_names() {
    let options = Options {
        size: Some(64 << 20),
        journal: true,
        ..small()
    };
    let disk = directory(options, 3000);
    let point = disk.folder().join("point");
    fs::create_dir(&point).unwrap();
    if !mount(&disk.path, &point, "loop") {
        return;
    }
    for n in 0..2000 {
        fs::write(point.join("d").join(format!("new-{n}")), "x").unwrap();
        fs::remove_file(point.join("d").join(name(n))).unwrap();
    }
    unmount(&point);
    disk.check();
}
