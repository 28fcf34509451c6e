//! Tests of sizes, free space, and disks that a guest writes to.

use std::fs::{self, File};

use crate::tests::{Dump, Tar, build_with, fsck, mount, small, spec, unmount};
use crate::{Attributes, DiskBuilder, Error, Options, empty_disk};

#[test]
fn the_default_size_is_one_gibibyte_or_a_quarter_more_than_the_content() {
    let disk = build_with(Options::default(), |_| Ok(())).unwrap();
    assert_eq!(disk.summary.size, 1 << 30);
    assert!(disk.host_bytes() < 1 << 20, "{}", disk.host_bytes());
}

#[test]
fn a_disk_that_is_too_small_is_refused() {
    let content = vec![1; 8 << 20];
    for size in [0, 4096, 65_536, 1 << 20, 8 << 20] {
        let options = Options {
            size: Some(size),
            ..small()
        };
        let result = build_with(options, |disk| {
            disk.add_file("f", Attributes::new(0o644), &content[..])
        });
        assert!(matches!(result, Err(Error::DiskFull { .. })), "size {size}");
    }
    let options = Options {
        size: Some(9 << 20),
        ..small()
    };
    let fits = build_with(options, |disk| {
        disk.add_file("f", Attributes::new(0o644), &content[..])
    });
    assert_eq!(fits.unwrap().content("/f"), content);
}

#[test]
fn sizes_around_group_boundaries_are_clean() {
    const GROUP: u64 = 128 << 20;
    for size in [
        GROUP - 4096,
        GROUP,
        GROUP + 4096,
        GROUP + 20 * 4096,
        3 * GROUP + 12_345,
    ] {
        let options = Options {
            size: Some(size),
            ..small()
        };
        let disk = build_with(options, |disk| {
            disk.add_directory("d", Attributes::new(0o755))
        });
        assert_eq!(disk.unwrap().summary.size, size / 4096 * 4096);
    }
}

#[test]
fn replaced_files_give_their_room_back() {
    // Six files of 3 MiB at once would not fit.
    let layers = (0..6u8).map(|n| Tar::new().file("f", vec![n + 1; 3 << 20]).end());
    let options = Options {
        size: Some(9 << 20),
        ..small()
    };
    let disk = build_with(options, |disk| {
        for layer in layers {
            disk.apply_layer(&layer[..], "")?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(disk.content("/f"), vec![6; 3 << 20]);
    assert!(
        disk.host_bytes() < 4 << 20,
        "freed blocks must be punched: {}",
        disk.host_bytes()
    );
}

#[test]
fn a_full_disk_puts_its_metadata_into_gaps() {
    let options = Options {
        size: Some(16 << 20),
        ..small()
    };
    let disk = build_with(options, |disk| {
        let attributes = || Attributes::new(0o644);
        disk.add_file("gap", attributes(), &vec![1; 4 << 20][..])?;
        disk.add_file("full", attributes(), &vec![2; (12 << 20) - 8192][..])?;
        let whiteout = Tar::new().file(".wh.gap", "").end();
        disk.apply_layer(&whiteout[..], "").map(drop)
    })
    .unwrap();
    assert_eq!(disk.content("/full").len(), (12 << 20) - 8192);
}

#[test]
fn inodes_are_left_for_the_guest() {
    let mut layer = Tar::new();
    for n in 0..5000 {
        layer.header(&spec(b'0', format!("{n}")));
    }
    let layer = layer.end();
    let disk = build_with(small(), |disk| disk.apply_layer(&layer[..], "").map(drop)).unwrap();
    let statistics = disk.debugfs("stats");
    let count = |line: &str| {
        let value = statistics
            .lines()
            .find_map(|l| l.strip_prefix(line))
            .unwrap();
        value.trim().parse::<u32>().unwrap()
    };
    assert!(count("Free inodes:") > 1000, "{statistics}");
    assert!(count("Free blocks:") > 1000, "{statistics}");
}

#[test]
fn zeros_become_holes() {
    let mut data = vec![0; 1 << 20];
    data[500_000] = 1;
    let disk = build_with(small(), |disk| {
        disk.add_file("f", Attributes::new(0o644), &data[..])
    });
    let disk = disk.unwrap();
    assert_eq!(disk.content("/f"), data);
    assert!(disk.debugfs("stat /f").contains("Blockcount: 8"));
}

#[test]
fn a_large_empty_disk_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (size, most) in [(16u64 << 30, 2u64 << 20), (1 << 40, 16 << 20)] {
        let path = folder.path().join("empty.img");
        empty_disk(File::create(&path).unwrap(), size, Options::default()).unwrap();
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.len(), size);
        assert!(
            metadata.blocks() * 512 < most,
            "{}",
            metadata.blocks() * 512
        );
        if size < 1 << 40 {
            fsck(&path);
        }
    }
}

#[test]
fn a_guest_can_write_to_every_disk() {
    let layer = Tar::new().dir("d").file("d/a", "x".repeat(5000)).end();
    let options = Options {
        size: Some(300 << 20),
        ..Options::default()
    };
    let disk = build_with(options, |disk| disk.apply_layer(&layer[..], "").map(drop)).unwrap();
    let point = disk.folder().join("rw");
    fs::create_dir(&point).unwrap();
    if !mount(&disk.path, &point, "loop,rw") {
        // Where mounting is not allowed, debugfs writes instead.
        let output = std::process::Command::new("debugfs")
            .args(["-w", "-R", "mkdir /made"])
            .arg(&disk.path)
            .output()
            .unwrap();
        assert!(output.status.success());
        disk.check();
        assert!(disk.exists("/made"));
        return;
    }
    for n in 0..100u8 {
        fs::create_dir(point.join(format!("dir{n}"))).unwrap();
        fs::write(point.join(format!("dir{n}/file")), vec![n; 300_000]).unwrap();
    }
    fs::write(point.join("big"), vec![7; 150 << 20]).unwrap();
    fs::remove_file(point.join("d/a")).unwrap();
    fs::write(point.join("lost+found/x"), "x").unwrap();
    unmount(&point);
    fs::remove_dir(&point).unwrap();
    disk.check();
    assert!(disk.content("/big") == vec![7; 150 << 20]);
}

#[test]
fn a_failed_builder_cannot_finish() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("x")).unwrap();
    let mut disk = DiskBuilder::create(file, small()).unwrap();
    assert!(disk.apply_layer(&b"no archive at all"[..], "").is_err());
    assert!(matches!(disk.add_symlink("a", "b"), Err(Error::Poisoned)));
    assert!(matches!(disk.finish(), Err(Error::Poisoned)));
}

#[test]
fn sparse_files_of_every_dialect_are_expanded() {
    let (a, b) = (vec![b'a'; 512], vec![b'b'; 1024]);
    let stored = [&a[..], &b[..]].concat();
    let real = 1_000_000usize;
    let mut expected = vec![0; real];
    expected[4096..4608].copy_from_slice(&a);
    expected[900_000..901_024].copy_from_slice(&b);
    let real = real.to_string();
    let map = "2\n4096\n512\n900000\n1024\n";
    let mut first = map.as_bytes().to_vec();
    first.resize(512, 0);
    let v1 = spec(b'0', "GNUSparseFile.0/v1")
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.name", "v1")
        .pax("GNU.sparse.realsize", &real)
        .data([&first[..], &stored].concat());
    let v01 = spec(b'0', "x")
        .pax("GNU.sparse.size", &real)
        .pax("GNU.sparse.numblocks", "2")
        .pax("GNU.sparse.name", "v01")
        .pax("GNU.sparse.map", "4096,512,900000,1024")
        .data(&stored);
    let v00 = spec(b'0', "v00")
        .pax("GNU.sparse.size", &real)
        .pax("GNU.sparse.numblocks", "2")
        .pax("GNU.sparse.offset", "4096")
        .pax("GNU.sparse.numbytes", "512")
        .pax("GNU.sparse.offset", "900000")
        .pax("GNU.sparse.numbytes", "1024")
        .data(&stored);
    let layer = Tar::new()
        .entry(v1)
        .entry(v01)
        .entry(v00)
        .file("after", "ok")
        .end();
    let disk = build_with(small(), |disk| disk.apply_layer(&layer[..], "").map(drop)).unwrap();
    let dump = Dump::of(&disk);
    for name in ["v1", "v01", "v00"] {
        assert!(dump.get(name).content == expected, "{name}");
    }
    assert_eq!(dump.get("after").content, b"ok");
}
