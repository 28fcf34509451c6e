//! Tests of large files, deep extent trees and directories with many names.

use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

use crate::tests::{Tar, build_with, mount, small, spec, unmount};
use crate::{Attributes, FileSystem, Limits, Options};

/// `size` bytes; one block in `every` holds its own number, the others are zero.
struct Pattern {
    at: u64,
    size: u64,
    every: u64,
}

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let block = self.at / 4096;
        let step = (4096 - self.at % 4096).min(self.size - self.at);
        let step = usize::try_from(step).unwrap().min(buffer.len());
        let byte = if block.is_multiple_of(self.every) {
            1 + (block % 251) as u8
        } else {
            0
        };
        buffer[..step].fill(byte);
        self.at += step as u64;
        Ok(step)
    }
}

/// A file of `size` bytes with 820 blocks of data, 6 MiB apart: three leaves of extents below the
/// root.
fn sparse(size: u64) -> Vec<u8> {
    let (mut map, mut stored) = (String::from("820\n"), Vec::new());
    for n in 0..820u64 {
        map.push_str(&format!("{}\n4096\n", size / 820 / 4096 * 4096 * n));
        stored.extend_from_slice(&[u8::try_from(n % 250).unwrap() + 1; 4096]);
    }
    let mut data = map.into_bytes();
    data.resize(data.len().next_multiple_of(512), 0);
    data.extend_from_slice(&stored);
    let sparse = spec(b'0', "x")
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.name", "f")
        .pax("GNU.sparse.realsize", size.to_string())
        .data(data);
    Tar::new().entry(sparse).end()
}

#[test]
fn sparse_files_beyond_every_32_bit_bound() {
    for size in [(5 << 30) + 17, (50 << 30) + 17] {
        let limits = Limits {
            bytes: 64 << 30,
            ..Limits::default()
        };
        let ext4 = Options { limits, ..small() };
        let erofs = Options {
            file_system: FileSystem::Erofs,
            ..ext4.clone()
        };
        let [ext4, erofs] = [ext4, erofs].map(|options| {
            let layer = sparse(size);
            build_with(options, |disk| disk.apply_layer(&layer[..], "").map(drop)).unwrap()
        });
        let stat = ext4.debugfs("stat /f");
        assert!(stat.contains(&format!("Size: {size}")), "{stat}");
        let extents = ext4.debugfs("ex /f");
        assert!(extents.contains("1/ 1"), "{extents}");
        assert!(ext4.host_bytes() < 8 << 20);
        assert!(erofs.host_bytes() < 8 << 20);
        for disk in [&ext4, &erofs] {
            let point = disk.folder().join("point");
            std::fs::create_dir(&point).unwrap();
            if !mount(&disk.path, &point, "loop,ro") {
                continue;
            }
            let file = std::fs::File::open(point.join("f")).unwrap();
            let length = file.metadata().unwrap().len();
            let wrong = (0..820u64).find(|n| {
                let mut block = [0; 8192];
                let at = size / 820 / 4096 * 4096 * n;
                file.read_exact_at(&mut block, at).unwrap();
                let byte = u8::try_from(n % 250).unwrap() + 1;
                block[..4096] != [byte; 4096] || block[4096..] != [0; 4096]
            });
            drop(file);
            unmount(&point);
            assert_eq!((length, wrong), (size, None));
        }
    }
}

#[test]
fn a_file_scattered_over_freed_blocks() {
    // Thousands of single-block files, every second one freed: a large file fills the gaps.
    let mut lower = Tar::new();
    let mut hide = Tar::new();
    for n in 0..6000 {
        lower = lower.file(format!("{n}"), format!("file {n}"));
        if n % 2 == 1 {
            hide = hide.file(format!(".wh.{n}"), "");
        }
    }
    let (lower, hide) = (lower.end(), hide.end());
    let data: Vec<u8> = (0..3000u32 * 4096)
        .map(|n| (n / 4096 % 255) as u8 + 1)
        .collect();
    let unfill = Tar::new().file(".wh.filler", "").end();
    let options = Options {
        size: Some(28 << 20),
        ..small()
    };
    let disk = build_with(options, |disk| {
        disk.apply_layer(&lower[..], "")?;
        disk.apply_layer(&hide[..], "")?;
        disk.add_file(
            "filler",
            Attributes::new(0o600),
            io::repeat(9).take(800 * 4096),
        )?;
        disk.add_file("scattered", Attributes::new(0o600), &data[..])?;
        // The inode table needs contiguous room.
        disk.apply_layer(&unfill[..], "").map(drop)
    })
    .unwrap();
    assert!(disk.content("/scattered") == data);
    assert!(disk.debugfs("ex /scattered").lines().count() > 1500);
    assert_eq!(disk.content("/4242"), b"file 4242");
}

#[test]
fn a_deep_extent_tree() {
    // The root reaches at most four leaves of 340 extents directly.
    let data = Pattern {
        at: 0,
        size: 6000 * 4096,
        every: 2,
    };
    let options = Options {
        size: Some(64 << 20),
        ..small()
    };
    let disk = build_with(options, |disk| {
        disk.add_file("f", Attributes::new(0o600), data)
    });
    assert!(disk.unwrap().debugfs("ex /f").contains(" 2/ 2 "));
}

#[test]
fn twenty_thousand_names_in_one_directory() {
    let mut layer = Tar::new();
    for n in 0..20_000 {
        layer.header(&spec(b'0', format!("many/{}{n}", "n".repeat(n % 60))));
    }
    let layer = layer.end();
    let options = Options {
        size: Some(512 << 20),
        ..small()
    };
    let disk = build_with(options, |disk| disk.apply_layer(&layer[..], "").map(drop)).unwrap();
    assert_eq!(disk.summary.entries, 20_003);
    assert!(disk.exists(&format!("/many/{}19999", "n".repeat(19))));
}

#[test]
fn more_subdirectories_than_a_link_count_holds() {
    let mut layer = Tar::new();
    for n in 0..66_000 {
        layer.header(&spec(b'5', format!("{n}")));
    }
    let layer = layer.end();
    let options = Options {
        size: Some(1 << 30),
        ..small()
    };
    let disk = build_with(options, |disk| disk.apply_layer(&layer[..], "d").map(drop)).unwrap();
    assert!(disk.debugfs("stat /d").contains("Links: 1 "));
}

/// This would take hours if each whiteout searched the directory.
#[test]
fn repeated_whiteouts_cost_no_more_than_one() {
    let mut lower = Tar::new();
    for n in 0..20_000 {
        lower.header(&spec(b'0', format!("d/{n}")));
    }
    let mut upper = Tar::new();
    for n in 0..10_000 {
        upper.header(&spec(b'0', format!("d/new{n}")));
        upper.header(&spec(b'0', ".wh.d"));
        upper.header(&spec(b'0', "d/.wh..wh..opq"));
    }
    let (lower, upper) = (lower.end(), upper.end());
    let options = Options {
        size: Some(512 << 20),
        ..small()
    };
    let disk = build_with(options, |disk| {
        disk.apply_layer(&lower[..], "")?;
        disk.apply_layer(&upper[..], "").map(drop)
    });
    assert_eq!(disk.unwrap().summary.entries, 10_003);
}
