//! An image with the packed changes on top is what the overlay shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use super::{ChangeKind, Made, Overlay, pack_changes};
use crate::tests::{Spec, Tar, TestDisk, build_layers, small, spec};
use crate::{DiskReader, Error, FileSystem, Limits, ObjectKind, Options};

/// How the names of attributes begin that are `trusted.`.
const TRUSTED: &str = "([116, 114, 117, 115, 116, 101, 100, 46";

fn open(disk: &TestDisk) -> DiskReader {
    DiskReader::open(File::open(&disk.path).unwrap(), Limits::default()).unwrap()
}

fn image(layers: &[Vec<u8>]) -> TestDisk {
    let options = Options {
        file_system: FileSystem::Erofs,
        ..small()
    };
    build_layers(options, layers).unwrap()
}

fn whiteout(name: &str) -> Spec {
    spec(b'3', name).device(0, 0)
}

/// A folder that hides what is below: the writer of disks keeps no attribute of overlays, so that
/// another one of the same length is written first.
fn opaque(name: &str) -> Spec {
    spec(b'5', name).pax("SCHILY.xattr.trusted.overlayXopaque", "y")
}

/// The scratch disk with these entries in its upper folder.
fn scratch(entries: Tar) -> TestDisk {
    let disk = build_layers(small(), &[entries.end()]).unwrap();
    let mut bytes = std::fs::read(&disk.path).unwrap();
    for at in 0..bytes.len() - 14 {
        if &bytes[at..at + 14] == b"overlayXopaque" {
            bytes[at + 7] = b'.';
        }
    }
    std::fs::write(&disk.path, bytes).unwrap();
    disk
}

fn overlay(scratch: &TestDisk, image: &TestDisk, files: &[&str], points: &[&str]) -> Overlay {
    let lower = open(image);
    let made = Made::new(&lower, files.iter().copied(), points.iter().copied()).unwrap();
    Overlay {
        upper: open(scratch),
        folder: b"upper".to_vec(),
        lower,
        made,
    }
}

fn listed(overlay: &Overlay) -> Vec<String> {
    let changes = overlay.changes().unwrap();
    let line = |change: super::Change| {
        let letter = match change.kind {
            ChangeKind::Added => 'A',
            ChangeKind::Changed => 'C',
            ChangeKind::Deleted => 'D',
        };
        format!("{letter} {}", String::from_utf8(change.path).unwrap())
    };
    changes.into_iter().map(line).collect()
}

/// Paths of a disk, each with what it is.
fn tree(disk: &TestDisk) -> BTreeMap<String, String> {
    let reader = open(disk);
    let mut tree = BTreeMap::new();
    let describe = |path: &[u8], stat: &crate::Stat| {
        let mut content = vec![0; usize::try_from(stat.size).unwrap()];
        match stat.kind {
            ObjectKind::Directory => content.clear(),
            ObjectKind::Symlink => content = reader.read_link(stat)?,
            _ => {
                let mut filled = 0;
                while filled < content.len() {
                    filled += reader.read(stat, filled as u64, &mut content[filled..])?;
                }
            }
        }
        let (kind, attributes) = (stat.kind, &stat.attributes);
        let links = if kind == ObjectKind::Directory {
            0
        } else {
            stat.links
        };
        tree.insert(
            String::from_utf8_lossy(path).into_owned(),
            format!(
                "{kind:?} {attributes:?} {links} {:?}",
                String::from_utf8_lossy(&content)
            ),
        );
        Ok(())
    };
    reader.walk(describe).unwrap();
    tree
}

fn base() -> Vec<u8> {
    let folders = ["d", "d/sub", "full", "full/sub", "flat", "same"];
    let files = [
        "d/x",
        "d/y",
        "d/sub/z",
        "full/a",
        "full/b",
        "full/sub/c",
        "flat/f",
        "turned",
        "same/s",
    ];
    let tar = folders.iter().fold(Tar::new(), |tar, name| tar.dir(name));
    let tar = files.iter().fold(tar, |tar, name| tar.file(name, name));
    tar.symlink("lib", "same").end()
}

/// What a machine wrote over it.
fn upper() -> Tar {
    Tar::new()
        .dir("upper")
        .dir("upper/d")
        .entry(whiteout("upper/d/x"))
        .entry(
            spec(b'0', "upper/d/y")
                .data("new")
                .mode(0o4755)
                .owner(70_000, 3_000_000),
        )
        .entry(
            spec(b'0', "upper/d/n")
                .data("n")
                .pax("mtime", "1700000000.25")
                .pax("SCHILY.xattr.user.k", "v\n="),
        )
        .hardlink("upper/d/n2", "upper/d/n")
        .entry(opaque("upper/full"))
        .file("upper/full/a", "again")
        .dir("upper/full/sub")
        .file("upper/full/sub/e", "e")
        .file("upper/flat", "no folder any more")
        .dir("upper/turned")
        .file("upper/turned/in", "in")
        .entry(spec(b'3', "upper/null").device(1, 3).mode(0o666))
        .entry(spec(b'4', "upper/disk").device(259, 70_000))
        .entry(spec(b'6', "upper/fifo"))
        .symlink("upper/link", "x".repeat(150))
        .file(
            format!("upper/{}/{}", "l".repeat(120), "m".repeat(250)),
            "long",
        )
        .dir("upper/same")
}

#[test]
fn a_layer_of_the_changes_makes_of_the_image_what_the_overlay_shows() {
    let (scratch, below) = (scratch(upper()), image(&[base()]));
    let overlay = overlay(&scratch, &below, &[], &[]);
    let long = "l".repeat(120);
    let mut expected: Vec<String> = [
        "A d/n",
        "A d/n2",
        "A disk",
        "A fifo",
        "A full/sub/e",
        "A link",
        "A null",
        "A turned/in",
        "C d",
        "C d/y",
        "C flat",
        "C full",
        "C full/a",
        "C full/sub",
        "C turned",
        "D d/x",
        "D full/b",
        "D full/sub/c",
    ]
    .map(str::to_owned)
    .to_vec();
    expected.push(format!("A {long}"));
    expected.push(format!("A {long}/{}", "m".repeat(250)));
    let mut found = listed(&overlay);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    let mut layer = Vec::new();
    let summary = pack_changes(&overlay, &mut layer).unwrap();
    assert_eq!(summary.size, layer.len() as u64);
    let merged = tree(&image(&[base(), layer]));
    let mut wanted = tree(&below);
    wanted.retain(|path, _| {
        !["d/x", "full/b", "full/sub/c", "flat/f", "turned"].contains(&path.as_str())
    });
    for (path, what) in tree(&scratch) {
        let path = match path.strip_prefix("upper") {
            Some(path) => path.trim_start_matches('/'),
            None => continue,
        };
        if path != "d/x" {
            let is_opaque = what.contains(TRUSTED);
            let what = if is_opaque {
                merged[path].clone()
            } else {
                what
            };
            wanted.insert(path.to_owned(), what);
        }
    }
    for (path, what) in &wanted {
        assert_eq!(merged.get(path), Some(what), "{path}");
    }
    assert_eq!(merged.len(), wanted.len());
    assert!(!merged["full"].contains(TRUSTED));
}

#[test]
fn what_the_guest_makes_is_no_change() {
    let below = image(&[base()]);
    let guest = Tar::new()
        .dir("upper")
        .dir("upper/etc")
        .file("upper/etc/hosts", "127.0.0.1")
        .dir("upper/proc")
        .dir("upper/a")
        .dir("upper/a/b")
        .file("upper/a/key", "")
        .entry(spec(b'5', "upper/same").pax("mtime", "5"))
        .dir("upper/same/volume");
    let files = ["/etc/hosts"];
    let points = ["/proc", "/a/b", "a/key", "/lib/volume"];
    let disk = scratch(guest.clone());
    let hidden = overlay(&disk, &below, &files, &points);
    assert_eq!(listed(&hidden), Vec::<String>::new());
    let mut layer = Vec::new();
    assert_eq!(pack_changes(&hidden, &mut layer).unwrap().entries, 0);

    // What a user does beside it is one.
    let user = guest
        .file("upper/etc/mine", "")
        .entry(spec(b'5', "upper/a/b/c").mode(0o700))
        .entry(spec(b'0', "upper/a/key2").data(""));
    let disk = scratch(user);
    let shown = overlay(&disk, &below, &files, &points);
    assert_eq!(
        listed(&shown),
        ["A a", "A a/b", "A a/b/c", "A a/key2", "A etc", "A etc/mine"]
    );
}

#[test]
fn what_no_layer_can_hold_is_refused_by_name() {
    let below = image(&[base()]);
    let refused = |of: &str, by: &str| {
        let disk = scratch(Tar::new().dir("upper").file("upper/XwhX", ""));
        let mut bytes = std::fs::read(&disk.path).unwrap();
        for at in 0..bytes.len() - of.len() {
            if &bytes[at..at + of.len()] == of.as_bytes() {
                bytes[at..at + by.len()].copy_from_slice(by.as_bytes());
            }
        }
        std::fs::write(&disk.path, bytes).unwrap();
        pack_changes(&overlay(&disk, &below, &[], &[]), std::io::sink()).unwrap_err()
    };
    let error = refused("XwhX", ".wh.");
    assert!(matches!(error, Error::Unpackable { .. }), "{error}");
    let error = refused("XwhX", "a/bX");
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[test]
fn a_disk_that_is_mounted_is_refused() {
    const INCOMPAT: u64 = 1024 + 0x60;
    const STATE: u64 = 1024 + 0x3a;
    let disk = scratch(upper());
    let file = File::options().write(true).open(&disk.path).unwrap();
    let flags = std::fs::read(&disk.path).unwrap()[usize::try_from(INCOMPAT).unwrap()];
    file.write_at(&[flags | 4], INCOMPAT).unwrap();
    let error = DiskReader::open(File::open(&disk.path).unwrap(), Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Unclosed), "{error}");
    // Without a journal, its state says it.
    file.write_at(&[flags], INCOMPAT).unwrap();
    assert!(open(&disk).is_closed());
    file.write_at(&[0], STATE).unwrap();
    assert!(!open(&disk).is_closed());
}

#[test]
fn a_disk_in_parts_is_one_disk() {
    let disk = image(&[base()]);
    let length = std::fs::metadata(&disk.path).unwrap().len();
    let cuts = [0, 1, 1, 1500, 5000, 5001, length];
    let parts = cuts.windows(2).map(|cut| crate::DiskRange {
        file: File::open(&disk.path).unwrap(),
        offset: cut[0],
        length: cut[1] - cut[0],
    });
    let parts = DiskReader::open_parts(parts.collect(), Limits::default()).unwrap();
    let whole = open(&disk);
    let (mut of_parts, mut of_whole) = (Vec::new(), Vec::new());
    let note = |to: &mut Vec<(Vec<u8>, crate::Stat)>, path: &[u8], stat: &crate::Stat| {
        to.push((path.to_vec(), stat.clone()));
        Ok(())
    };
    parts
        .walk(|path, stat| note(&mut of_parts, path, stat))
        .unwrap();
    whole
        .walk(|path, stat| note(&mut of_whole, path, stat))
        .unwrap();
    assert_eq!(of_parts, of_whole);
}

#[test]
fn a_hostile_disk_ends_in_an_error() {
    let (disk, below) = (scratch(upper()), image(&[base()]));
    let bytes = std::fs::read(&disk.path).unwrap();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let mut random = 88_172_645_463_325_252_u64;
    let (mut failed, mut worked) = (0, 0);
    for _ in 0..400 {
        let file = File::options().write(true).open(&disk.path).unwrap();
        let mut undo = Vec::new();
        for _ in 0..4 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at = places[usize::try_from(random % places.len() as u64).unwrap()];
            file.write_at(&[random.to_le_bytes()[7]], at as u64)
                .unwrap();
            undo.push(at);
        }
        let file = File::open(&disk.path).unwrap();
        let limits = Limits {
            bytes: 1 << 24,
            ..Limits::default()
        };
        match DiskReader::open(file, limits) {
            Err(_) => failed += 1,
            Ok(upper) => {
                let overlay = Overlay {
                    upper,
                    folder: b"upper".to_vec(),
                    lower: open(&below),
                    made: Made::default(),
                };
                match pack_changes(&overlay, std::io::sink()) {
                    Err(Error::Write { .. }) => panic!("nothing is written"),
                    Err(_) => failed += 1,
                    Ok(_) => worked += 1,
                }
            }
        }
        let file = File::options().write(true).open(&disk.path).unwrap();
        for at in undo {
            file.write_at(&bytes[at..=at], at as u64).unwrap();
        }
    }
    assert!(failed > 0 && worked > 0, "{failed} {worked}");
}
