//! Tests of streams that are damaged, lie about their sizes, or never end.

use std::io::{self, Read};

use crate::tests::{Spec, Tar, build, build_with, gzip, small, spec, try_build};
use crate::{EntryFault, Error, Limits, Options};

#[track_caller]
fn fault(layer: Vec<u8>) -> EntryFault {
    match try_build(&[layer]).err() {
        Some(Error::BadEntry { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn bad_header(layer: Vec<u8>, phrase: &str) {
    match try_build(&[layer]).err() {
        Some(Error::BadHeader { reason, .. }) if reason.contains(phrase) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_truncated_gzip() {
    let blob = gzip(&Tar::new().file("a", vec![7; 100_000]).end());
    for length in [1, 5, 12, blob.len() / 2, blob.len() - 1] {
        let result = try_build(&[blob[..length].to_vec()]).err();
        assert!(
            matches!(
                result,
                Some(Error::Decompress { format: "gzip", .. } | Error::Truncated { .. })
            ),
            "{length}: {result:?}"
        );
    }
}

#[test]
fn a_truncated_or_damaged_zstd() {
    let mut blob = zstd::encode_all(&Tar::new().file("a", vec![7; 100_000]).end()[..], 3).unwrap();
    let cut = blob[..blob.len() - 3].to_vec();
    assert!(matches!(
        try_build(&[cut]).err(),
        Some(Error::Decompress { format: "zstd", .. })
    ));
    let middle = blob.len() / 2;
    blob[middle..].fill(0xff);
    assert!(matches!(
        try_build(&[blob]).err(),
        Some(Error::Decompress { format: "zstd", .. })
    ));
}

#[test]
fn garbage_after_a_compressed_stream() {
    let mut blob = gzip(&Tar::new().file("a", "").end());
    blob.extend_from_slice(b"garbage");
    assert!(matches!(
        try_build(&[blob]).err(),
        Some(Error::Decompress { .. })
    ));
}

#[test]
fn compressions_without_a_name_in_the_specification() {
    for blob in [&b"BZh91AY&SY"[..], b"\xfd7zXZ\0\0\0"] {
        let result = try_build(&[blob.to_vec()]).err();
        assert!(matches!(result, Some(Error::UnsupportedCompression { .. })));
    }
}

#[test]
fn a_truncated_tar() {
    let layer = Tar::new().file("a", vec![7; 10_000]).end();
    for length in [100, 512, 700, 5000, 10_511] {
        let result = try_build(&[layer[..length].to_vec()]).err();
        assert!(
            matches!(result, Some(Error::Truncated { .. })),
            "{length}: {result:?}"
        );
    }
    // The end marker itself may be missing, as tar allows.
    let whole = try_build(&[layer[..layer.len() - 1024].to_vec()]).unwrap();
    assert_eq!(whole.content("/a"), [7; 10_000]);
}

/// The header has size 0, the extended header 1024: the hidden entry is data, not an entry.
#[test]
fn pax_sizes_override_the_header() {
    let hidden = Tar::new().file("hidden", "").0;
    let layer = Tar::new()
        .entry(spec(b'0', "a").pax("size", "512").size(0).data(&hidden))
        .file("b", "b")
        .end();
    let disk = build(&[layer]);
    assert_eq!(disk.content("/a"), hidden);
    assert!(disk.exists("/b") && !disk.exists("/hidden"));
}

/// An extended size belongs to the entry, not to the long-name header before it.
#[test]
fn pax_sizes_do_not_reach_long_name_headers() {
    let name = "n".repeat(150);
    let mut layer = Tar::new();
    let records = crate::tests::pax_record(b"size", b"512");
    layer.header(&spec(b'x', "pax").size(records.len() as u64));
    layer.data(&records);
    layer = layer.entry(
        spec(b'0', &name)
            .size(0)
            .data(Tar::new().file("hidden", "").0),
    );
    let disk = build(&[layer.file("b", "b").end()]);
    assert!(disk.exists(&format!("/{name}")) && disk.exists("/b") && !disk.exists("/hidden"));
}

#[test]
fn sizes_of_entries_without_content_are_ignored() {
    let layer = Tar::new()
        .entry(spec(b'5', "d").size(512))
        .entry(spec(b'2', "l").link("x").size(512))
        .file("a", "a")
        .end();
    assert_eq!(build(&[layer]).content("/a"), b"a");
}

#[test]
fn huge_extended_headers() {
    let mut layer = Tar::new();
    layer.header(&spec(b'x', "pax").size(1 << 40));
    bad_header(layer.0, "longer than 1 MiB");
    let mut layer = Tar::new();
    layer.header(&spec(b'L', "long").size(2 << 20));
    bad_header(layer.0, "longer than 1 MiB");
}

#[test]
fn malformed_extended_headers() {
    for records in [
        "5 a=b\n",
        "99 path=x\n",
        "0 a=b\n",
        "abc",
        "-5 a=b\n",
        "6 a=b\n6",
        "7 path\n",
        "5 =b\n",
        "99999999999999999999999 a=b\n",
        " a=b\n",
        "13 size=-10\n\n",
    ] {
        let mut layer = Tar::new();
        layer.header(&spec(b'x', "pax").size(records.len() as u64));
        layer.data(records.as_bytes());
        bad_header(layer.file("a", "").end(), "extended header");
    }
    for (key, value) in [
        ("size", "-1"),
        ("size", "1e3"),
        ("uid", "4294967296"),
        ("mtime", "x"),
        ("mtime", "1.x"),
    ] {
        bad_header(Tar::new().entry(spec(b'0', "a").pax(key, value)).end(), "");
    }
}

#[test]
fn global_headers_may_not_move_entries() {
    for (key, value) in [("path", "x"), ("size", "0"), ("linkpath", "y")] {
        let records = crate::tests::pax_record(key.as_bytes(), value.as_bytes());
        let mut layer = Tar::new();
        layer.header(&spec(b'g', "global").size(records.len() as u64));
        layer.data(&records);
        bad_header(layer.file("a", "").end(), "global");
    }
    let records = crate::tests::pax_record(b"uid", b"77");
    let mut layer = Tar::new();
    layer.header(&spec(b'g', "global").size(records.len() as u64));
    layer.data(&records);
    let disk = build(&[layer.file("a", "").end()]);
    assert!(disk.debugfs("stat /a").contains("User:    77"));
}

#[test]
fn negative_and_overflowing_numbers() {
    let raw = |at: usize, bytes: &[u8]| {
        let mut layer = Tar::new().file("a", "").0;
        layer[at..at + bytes.len()].copy_from_slice(bytes);
        crate::tests::checksum(&mut layer[..512]);
        layer
    };
    let negative = [&[0xff; 11][..], &[0xf0]].concat();
    bad_header(raw(124, &negative), "size is negative");
    bad_header(raw(124, &[0xbf; 12]), "out of range");
    bad_header(raw(124, b"77777x777777"), "not octal");
    bad_header(raw(108, &[0x80, 0, 0, 1, 0, 0, 0, 0]), "owner");
    bad_header(raw(108, &[0xff; 8]), "owner");
    let most = Tar::new()
        .entry(spec(b'0', "a").pax("size", u64::MAX.to_string()))
        .end();
    assert!(matches!(
        try_build(&[most]).err(),
        Some(Error::LimitExceeded { .. })
    ));
    let most = [&[0x80, 0, 0, 0][..], &u64::MAX.to_be_bytes()].concat();
    bad_header(raw(124, &most), "out of range");
}

#[test]
fn inconsistent_sparse_maps() {
    let sparse = |map: &str, real: &str, stored: &[u8]| {
        spec(b'0', "s")
            .pax("GNU.sparse.numblocks", "1")
            .pax("GNU.sparse.size", real)
            .pax("GNU.sparse.map", map)
            .data(stored)
    };
    let cases: [Spec; 6] = [
        sparse("0,4,2,4", "100", b"12345678"),
        sparse("0,10", "5", b"0123456789"),
        sparse("0,10", "100", b"short"),
        sparse("0", "100", b""),
        sparse("18446744073709551615,10", "100", b"0123456789"),
        sparse("0,10", "18446744073709551615", b"0123456789"),
    ];
    for case in cases {
        bad_header(Tar::new().entry(case).end(), "sparse map");
    }
    let claims = sparse("0,1", "9000000000000000000", b"x");
    let result = try_build(&[Tar::new().entry(claims).end()]).err();
    assert!(matches!(result, Some(Error::LimitExceeded { .. })));
}

#[test]
fn entry_types_that_no_image_has() {
    for kind in [b'D', b'M', b'V', b'Z', 0xff] {
        let result = try_build(&[Tar::new().entry(spec(kind, "x")).end()]).err();
        assert!(matches!(result, Some(Error::UnsupportedEntry { .. })));
    }
}

#[test]
fn more_entries_than_allowed() {
    let mut layer = Tar::new();
    for n in 0..200 {
        layer = layer.file(format!("{n}"), "");
    }
    let limits = Limits {
        entries: 100,
        ..Limits::default()
    };
    let layer = layer.end();
    let bomb = |layer: &[u8]| {
        let options = Options { limits, ..small() };
        build_with(options, |disk| disk.apply_layer(layer, "").map(drop)).err()
    };
    let expected = "failed to apply the layer: more than 100 entries";
    assert_eq!(bomb(&layer).unwrap().to_string(), expected);
    // Parents that are made count as entries.
    let deep = Tar::new().file("d/".repeat(150) + "x", "").end();
    assert_eq!(bomb(&deep).unwrap().to_string(), expected);
}

#[test]
fn more_metadata_than_allowed() {
    let limits = Limits {
        metadata: 10_000,
        ..Limits::default()
    };
    let target = "t".repeat(4000);
    let links = Tar::new()
        .symlink("a", &target)
        .symlink("b", &target)
        .symlink("c", &target);
    let options = Options { limits, ..small() };
    let layer = links.end();
    let result = build_with(options, |disk| disk.apply_layer(&layer[..], "").map(drop)).err();
    assert!(matches!(
        result,
        Some(Error::LimitExceeded {
            what: "bytes of metadata",
            ..
        })
    ));
}

#[test]
fn attributes_that_do_not_fit_or_lie() {
    let large = Tar::new()
        .entry(spec(b'0', "a").pax("SCHILY.xattr.user.k", vec![1; 5000]))
        .end();
    assert!(matches!(
        try_build(&[large]).err(),
        Some(Error::XattrsTooLarge { .. })
    ));
    for (name, value) in [
        ("user.", &b"x"[..]),
        ("user.a\0b", b"x"),
        ("system.posix_acl_access", b"\x02\0\0\0\x77\0\0\0\0\0\0\0"),
        ("system.posix_acl_access", b"\x01\0\0\0"),
    ] {
        let entry = spec(b'0', "a").pax(format!("SCHILY.xattr.{name}"), value);
        assert_eq!(fault(Tar::new().entry(entry).end()), EntryFault::BadXattr);
    }
    let long = format!("SCHILY.xattr.user.{}", "n".repeat(300));
    assert_eq!(
        fault(Tar::new().entry(spec(b'0', "a").pax(long, "")).end()),
        EntryFault::BadXattr
    );
}

#[test]
fn what_follows_the_archive_is_read_and_ignored() {
    struct Counting<'a>(&'a [u8], &'a mut usize);
    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.read(buffer)?;
            *self.1 += count;
            Ok(count)
        }
    }
    let mut layer = Tar::new().file("a", "").end();
    layer.extend(std::iter::repeat_n(0x5a, 3_000_000));
    for blob in [
        layer.clone(),
        gzip(&layer),
        zstd::encode_all(&layer[..], 1).unwrap(),
    ] {
        let mut seen = 0;
        build_with(small(), |disk| {
            disk.apply_layer(Counting(&blob, &mut seen), "").map(drop)
        })
        .unwrap();
        assert_eq!(seen, blob.len());
    }
}

#[test]
fn an_error_of_the_callers_reader_is_passed_on() {
    struct Broken<'a>(&'a [u8]);
    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("digest mismatch")),
                count => Ok(count),
            }
        }
    }
    let layer = Tar::new().file("a", "").end();
    for blob in [
        layer.clone(),
        gzip(&layer),
        zstd::encode_all(&layer[..], 1).unwrap(),
    ] {
        let result = build_with(small(), |disk| {
            disk.apply_layer(Broken(&blob), "").map(drop)
        });
        match result.err() {
            Some(Error::Read { source, .. }) => assert_eq!(source.to_string(), "digest mismatch"),
            other => panic!("{other:?}"),
        }
    }
}

/// Ten gigabytes of zeros in ten megabytes of gzip.
fn zeros(size: u64) -> impl Read {
    const MEMBER: usize = 8 << 20;
    let mut head = Tar::new();
    head.header(&spec(b'0', "zeros").size(size));
    let member = gzip(&vec![0; MEMBER]);
    let count = size / MEMBER as u64;
    let body = (0..count).map(move |_| member.clone()).collect::<Vec<_>>();
    io::Cursor::new(gzip(&head.0)).chain(io::Cursor::new(body.concat()))
}

#[test]
fn ten_gigabytes_of_zeros_hit_the_limit_at_once() {
    let limits = Limits {
        bytes: 8 << 30,
        ..Limits::default()
    };
    let options = Options { limits, ..small() };
    let result = build_with(options, |disk| {
        disk.apply_layer(zeros(10 << 30), "").map(drop)
    });
    assert!(matches!(result.err(), Some(Error::LimitExceeded { limit, .. }) if limit == 8 << 30));
}

#[test]
fn a_bomb_behind_the_archive_hits_the_limit() {
    let limits = Limits {
        bytes: 16 << 20,
        ..Limits::default()
    };
    let options = Options { limits, ..small() };
    let blob = io::Cursor::new(gzip(&Tar::new().end())).chain(zeros(64 << 20));
    let result = build_with(options, |disk| disk.apply_layer(blob, "").map(drop));
    assert!(matches!(result.err(), Some(Error::LimitExceeded { .. })));
}

#[test]
fn zeros_that_the_limit_admits_become_a_hole() {
    let disk = build_with(small(), |disk| {
        disk.apply_layer(zeros(256 << 20), "").map(drop)
    })
    .unwrap();
    assert!(disk.debugfs("stat /zeros").contains("Size: 268435456"));
    assert!(disk.host_bytes() < 1 << 20);
}
