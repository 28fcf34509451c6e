//! Tests of EROFS with compression, as the kernel and our reader read it.

use std::fs::{self, File};

use proptest::prelude::*;

use crate::tests::{build_with, mount, small, unmount};
use crate::{Attributes, Compression, DiskReader, Error, FileSystem, Limits, Options};

const ZSTD: Compression = Compression::Zstd { level: 3 };

fn erofs(compression: Compression) -> Options {
    Options {
        file_system: FileSystem::Erofs,
        compression: Some(compression),
        ..small()
    }
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Bytes that compress like text.
fn text(length: usize) -> Vec<u8> {
    let lines = (0u64..).flat_map(|n| format!("line {n}: {}\n", n * n % 977).into_bytes());
    lines.take(length).collect()
}

/// Writes a disk of these files; kernel and reader must show them. Returns its size in bytes.
#[track_caller]
fn check(compression: Compression, files: &[Vec<u8>]) -> u64 {
    let disk = build_with(erofs(compression), |disk| {
        for (number, content) in files.iter().enumerate() {
            disk.add_file(format!("{number}"), Attributes::new(0o644), &content[..])?;
        }
        Ok(())
    })
    .unwrap();
    let reader = DiskReader::open(File::open(&disk.path).unwrap(), Limits::default()).unwrap();
    for (number, content) in files.iter().enumerate() {
        let stat = reader.lookup(number.to_string()).unwrap().unwrap();
        let mut read = Vec::new();
        // Not aligned to blocks or segments.
        let mut buffer = vec![0; 50_001];
        while read.len() < content.len() {
            let count = reader.read(&stat, read.len() as u64, &mut buffer).unwrap();
            assert!(count > 0, "file {number} ends at {}", read.len());
            read.extend_from_slice(&buffer[..count]);
        }
        assert!(read == *content, "file {number}, as we read it");
    }
    let point = disk.folder().join("point");
    fs::create_dir(&point).unwrap();
    // Zstandard needs Linux 6.10.
    if mount(&disk.path, &point, "loop,ro") {
        let seen: Vec<_> = (0..files.len())
            .map(|number| fs::read(point.join(number.to_string())))
            .collect();
        unmount(&point);
        for (number, (seen, content)) in seen.into_iter().zip(files).enumerate() {
            assert!(
                seen.unwrap() == *content,
                "file {number}, as the kernel reads it"
            );
        }
    }
    disk.summary.size
}

#[test]
fn files_around_every_boundary() {
    let segment = 128 << 10;
    let lengths: Vec<usize> = [
        0,
        3072,
        4096,
        8192,
        12_288,
        segment,
        2 * segment,
        5 * segment,
    ]
    .into_iter()
    .flat_map(|at: usize| [at.saturating_sub(1), at, at + 1, at + 1000])
    .collect();
    for compression in [Compression::Lz4, ZSTD] {
        let texts: Vec<_> = lengths.iter().map(|&length| text(length)).collect();
        let whole: u64 = lengths.iter().map(|&length| length as u64).sum();
        let size = check(compression, &texts);
        assert!(size < whole / 2, "{compression:?}: {size} of {whole}");
    }
}

/// Segments that do not shrink are stored uncompressed; a file of only such segments is a plain
/// one.
#[test]
fn noise_is_stored_as_it_is() {
    let (a, b) = (text(300_000), noise(300_000));
    let mixed = [&a[..], &b, &a, &b[..77_777]].concat();
    let zeros = vec![0; 3 << 20];
    for compression in [Compression::Lz4, ZSTD] {
        let files = [
            mixed.clone(),
            b.clone(),
            zeros.clone(),
            [&b[..], &zeros, &a].concat(),
        ];
        check(compression, &files);
        let plain = check(compression, std::slice::from_ref(&b));
        assert!(plain <= 300_000 + 3 * 4096, "{plain}");
    }
}

/// A file that is replaced, even while it is in the compressor, leaves a hole.
#[test]
fn replaced_files_become_holes() {
    let disk = build_with(erofs(ZSTD), |disk| {
        for _ in 0..20 {
            let content = noise(1 << 20);
            disk.add_file("f", Attributes::new(0o644), &content[..])?;
        }
        disk.add_file("f", Attributes::new(0o644), &b"small"[..])
    })
    .unwrap();
    assert!(disk.host_bytes() < 1 << 20, "{}", disk.host_bytes());
}

#[test]
fn names_of_compressions() {
    let parse = |text: &str| text.parse::<Compression>();
    assert_eq!(parse("lz4").unwrap(), Compression::Lz4);
    assert_eq!(parse("zstd").unwrap(), ZSTD);
    assert_eq!(parse("zstd:19").unwrap(), Compression::Zstd { level: 19 });
    for bad in ["", "gzip", "lz4:3", "zstd:", "zstd:0", "zstd:23", "zstd:x"] {
        let error = parse(bad).unwrap_err();
        assert!(matches!(error, Error::UnknownCompression { .. }), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Kernel and reader agree with any mixture of pieces that was written.
    #[test]
    fn any_mixture(
        files in prop::collection::vec(
            prop::collection::vec((0u8..3, 1usize..200_000), 0..6), 1..5),
        is_zstd in any::<bool>(),
    ) {
        let files: Vec<Vec<u8>> = files
            .into_iter()
            .map(|pieces| {
                pieces.into_iter().flat_map(|(kind, length)| match kind {
                    0 => text(length),
                    1 => noise(length),
                    _ => vec![0; length],
                }).collect()
            })
            .collect();
        check(if is_zstd { ZSTD } else { Compression::Lz4 }, &files);
    }
}
