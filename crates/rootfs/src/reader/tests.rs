//! Tests that the reader reads what this crate and other programs write.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;

use crate::tests::{Tar, TestDisk, build_layers, build_with, small, spec};
use crate::{DiskReader, Error, FileSystem, Limits, ObjectKind, Options, Stat};

fn open(disk: &TestDisk) -> DiskReader {
    DiskReader::open(File::open(&disk.path).unwrap(), Limits::default()).unwrap()
}

fn content(reader: &DiskReader, stat: &Stat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 70_000];
    loop {
        match reader.read(stat, bytes.len() as u64, &mut buffer).unwrap() {
            0 => return bytes,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Everything that both file systems keep, by path; hard links by the first path of the same file.
fn tree(reader: &DiskReader) -> BTreeMap<Vec<u8>, (Stat, Vec<u8>, Vec<u8>)> {
    let mut tree = BTreeMap::new();
    let mut first = BTreeMap::new();
    reader
        .walk(|path, stat| {
            let content = match stat.kind {
                ObjectKind::Directory => Vec::new(),
                ObjectKind::Symlink => reader.read_link(stat)?,
                _ => content(reader, stat),
            };
            first.entry(stat.inode).or_insert_with(|| path.to_vec());
            tree.insert(
                path.to_vec(),
                (stat.clone(), content, first[&stat.inode].clone()),
            );
            Ok(())
        })
        .unwrap();
    // The order of the disk decides which name of a file comes first.
    let mut least: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for (path, (_, _, first)) in &tree {
        least.entry(first.clone()).or_insert_with(|| path.clone());
    }
    for (stat, _, first) in tree.values_mut() {
        *first = least[first].clone();
        stat.attributes.xattrs.sort();
        stat.inode = 0;
        stat.data = super::stat::Data::None;
        if stat.kind == ObjectKind::Directory {
            stat.size = 0;
        }
    }
    // Every ext4 has this directory, and the root's link count includes it.
    if tree.remove(&b"lost+found"[..]).is_some() {
        tree.get_mut(&b""[..]).unwrap().0.links -= 1;
    }
    tree
}

fn layer() -> Vec<u8> {
    let acl = [
        &2u32.to_le_bytes()[..],
        &[1, 0, 7, 0, 255, 255, 255, 255],
        &[2, 0, 5, 0, 0xe8, 3, 0, 0],
        &[4, 0, 5, 0, 255, 255, 255, 255],
        &[16, 0, 5, 0, 255, 255, 255, 255],
        &[32, 0, 0, 0, 255, 255, 255, 255],
    ];
    let mut holes = vec![0; 5 << 20];
    holes[..3].copy_from_slice(b"one");
    holes[(3 << 20) + 7..][..3].copy_from_slice(b"two");
    let mut tar = Tar::new()
        .entry(spec(b'5', "./").mode(0o755))
        .entry(spec(b'5', "many").mode(0o1777).owner(70_000, 80_000))
        .entry(
            spec(b'0', "small")
                .data("small")
                .pax("mtime", "1700000000.123456789"),
        )
        .entry(spec(b'0', "old").data("x").pax("mtime", "-1.5"))
        .entry(
            spec(b'0', "large")
                .data(vec![7; 300_001])
                .pax("mtime", "1700000000.123456789"),
        )
        .entry(spec(b'0', "holes").data(&holes))
        .entry(spec(b'0', "acl").pax("SCHILY.xattr.system.posix_acl_access", acl.concat()))
        .entry(spec(b'0', "noted").pax("SCHILY.xattr.user.a", "shared"))
        .entry(
            spec(b'0', "noted-more")
                .pax("SCHILY.xattr.user.a", "shared")
                .pax("SCHILY.xattr.user.b", "v".repeat(2000)),
        )
        .symlink("short", "target")
        .symlink("long", "t/".repeat(900))
        .hardlink("again", "small")
        .entry(spec(b'3', "null").device(1, 3).mode(0o666))
        .entry(spec(b'4', "disk").device(259, 70_000))
        .entry(spec(b'6', "pipe"))
        .file("empty", "");
    for number in 0..3000 {
        tar = tar.file(format!("many/file-{number}"), format!("{number}"));
    }
    tar.end()
}

#[test]
fn both_file_systems_read_back_alike() {
    let build = |file_system| {
        let options = Options {
            file_system,
            ..small()
        };
        build_layers(options, &[layer()]).unwrap()
    };
    let (ext4, erofs) = (build(FileSystem::Ext4), build(FileSystem::Erofs));
    let (ext4, erofs) = (open(&ext4), open(&erofs));
    assert_eq!(ext4.file_system(), FileSystem::Ext4);
    assert_eq!(erofs.file_system(), FileSystem::Erofs);
    let (one, other) = (tree(&ext4), tree(&erofs));
    assert_eq!(one.len(), 3016);
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    for (path, seen) in &one {
        let name = String::from_utf8_lossy(path).into_owned();
        assert_eq!(
            (&seen.0, &seen.2),
            (&other[path].0, &other[path].2),
            "{name}"
        );
        assert!(seen.1 == other[path].1, "content of {name}");
    }
    let get = |path: &str| &one[path.as_bytes()];
    assert_eq!(get("small").1, b"small");
    assert_eq!(get("large").0.attributes.mtime.nanos, 123_456_789);
    assert_eq!(
        (get("small").0.links, &get("small").2[..]),
        (2, &b"again"[..])
    );
    assert_eq!(get("old").0.attributes.mtime.seconds, -2);
    assert_eq!(get("many").0.attributes.uid, 70_000);
    assert_eq!(get("many/file-2999").1, b"2999");
    assert_eq!(get("long").1, "t/".repeat(900).as_bytes());
    assert_eq!(get("holes").1.len(), 5 << 20);
    assert_eq!(get("acl").0.attributes.xattrs[0].1.len(), 44);
    let device = ObjectKind::BlockDevice {
        major: 259,
        minor: 70_000,
    };
    assert_eq!(get("disk").0.kind, device);
    let found = ext4.lookup("/many/file-7").unwrap().unwrap();
    assert_eq!(content(&ext4, &found), b"7");
    assert_eq!(erofs.lookup("many/absent").unwrap(), None);
    assert_eq!(erofs.lookup("small/below").unwrap(), None);
}

#[test]
fn what_mke2fs_and_mkfs_erofs_make_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    std::fs::create_dir(&source).unwrap();
    for number in 0..500 {
        std::fs::write(source.join(format!("file-{number}")), number.to_string()).unwrap();
    }
    std::fs::write(source.join("large"), vec![9; 1_000_003]).unwrap();
    std::os::unix::fs::symlink("large", source.join("link")).unwrap();
    let image = folder.path().join("image");
    for (program, arguments) in [
        ("mke2fs", &["-q", "-t", "ext4", "-b", "1024", "-d"][..]),
        ("mke2fs", &["-q", "-t", "ext4", "-O", "^64bit", "-d"][..]),
        ("mkfs.erofs", &["-E", "force-inode-compact"][..]),
        ("mkfs.erofs", &["--chunksize=65536"][..]),
    ] {
        let _ = std::fs::remove_file(&image);
        let mut command = Command::new(program);
        command.args(arguments);
        if program == "mke2fs" {
            command.arg(&source).arg(&image).arg("32M");
        } else {
            command.arg(&image).arg(&source);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let reader = DiskReader::open(File::open(&image).unwrap(), Limits::default()).unwrap();
        let tree = tree(&reader);
        assert_eq!(tree.len(), 503, "{program} {arguments:?}");
        assert_eq!(tree[&b"file-499"[..]].1, b"499");
        assert!(tree[&b"large"[..]].1 == vec![9; 1_000_003]);
        assert_eq!(tree[&b"link"[..]].1, b"large");
    }
}

#[test]
fn what_is_no_disk_is_refused() {
    for bytes in [&b""[..], &[0; 3000], b"hello"] {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(bytes, 0).unwrap();
        let error = DiskReader::open(file, Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_disk_that_was_cut_is_refused() {
    for file_system in [FileSystem::Ext4, FileSystem::Erofs] {
        let options = Options {
            file_system,
            ..small()
        };
        let disk = build_layers(options, &[layer()]).unwrap();
        let file = File::options().write(true).open(&disk.path).unwrap();
        file.set_len(disk.summary.size - 1).unwrap();
        let file = File::open(&disk.path).unwrap();
        let error = DiskReader::open(file, Limits::default()).unwrap_err();
        assert!(error.to_string().contains("shorter"), "{error}");
    }
}

#[test]
fn a_walk_takes_no_more_than_its_limits() {
    let disk = build_with(small(), |disk| disk.apply_layer(&layer()[..], "").map(drop));
    let file = || File::open(&disk.as_ref().unwrap().path).unwrap();
    for limits in [
        Limits {
            entries: 1000,
            ..Limits::default()
        },
        Limits {
            metadata: 10_000,
            ..Limits::default()
        },
    ] {
        let reader = DiskReader::open(file(), limits).unwrap();
        let error = reader.walk(|_, _| Ok(())).unwrap_err();
        assert!(matches!(error, Error::LimitExceeded { .. }), "{error}");
    }
}

#[test]
fn a_disk_has_as_many_names_as_it_can_hold() {
    let count = |allocated| {
        let mut budget = super::budget::Budget::new(Limits::default(), allocated);
        (0..10_000_000)
            .take_while(|_| budget.entry(1).is_ok())
            .count()
    };
    // Each name is counted twice.
    assert!((2 * 80_000..2 * 200_000).contains(&count(4 << 20)));
    assert!(count(1 << 40) == 2 * 4_000_000 + 1);
}

#[test]
fn a_file_is_no_longer_than_a_disk_may_be() {
    let disk = build_layers(small(), &[Tar::new().file("a", "x".repeat(10_000)).end()]).unwrap();
    let limits = Limits {
        bytes: 9_999,
        ..Limits::default()
    };
    let reader = DiskReader::open(File::open(&disk.path).unwrap(), limits).unwrap();
    let stat = reader.lookup("a").unwrap().unwrap();
    assert!(matches!(
        reader.read(&stat, 0, &mut [0; 10]),
        Err(Error::Damaged { .. })
    ));
}
