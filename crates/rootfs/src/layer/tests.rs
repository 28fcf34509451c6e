//! Tests of the reader with archives of other programs, and with damaged ones.

use std::process::Command;

use proptest::prelude::*;

use super::{Budget, EntryKind};
use crate::error::Error;
use crate::tests::{Tar, gzip, spec};

const BUDGET: Budget = Budget {
    bytes: 1 << 24,
    entries: 10_000,
};

/// Names, types and data of all entries.
fn read(blob: &[u8]) -> Result<Vec<(String, EntryKind, Vec<u8>)>, Error> {
    let read = super::read(blob, BUDGET, |reader| {
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            let mut data = Vec::new();
            let mut buffer = [0; 1000];
            loop {
                match reader.read_data(&mut buffer)? {
                    0 => break,
                    count => data.extend_from_slice(&buffer[..count]),
                }
            }
            assert_eq!(data.len() as u64, entry.size);
            entries.push((
                String::from_utf8_lossy(&entry.path).into_owned(),
                entry.kind,
                data,
            ));
        }
        Ok(entries)
    });
    read.map(|(entries, _)| entries)
}

#[test]
fn archives_of_gnu_tar_are_read_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let content = folder.path().join("in");
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(130));
    std::fs::create_dir_all(content.join("d".repeat(120))).unwrap();
    std::fs::write(content.join(&long), "long").unwrap();
    std::os::unix::fs::symlink("t".repeat(150), content.join("link")).unwrap();
    let mut sparse = vec![0; 3_000_000];
    for n in 0..40u8 {
        let at = usize::from(n) * 70_000;
        sparse[at..at + 100].fill(n + 1);
    }
    std::fs::write(content.join("dense"), &sparse).unwrap();
    let holes = std::fs::File::create(content.join("sparse")).unwrap();
    holes.set_len(sparse.len() as u64).unwrap();
    for n in 0..40u8 {
        use std::os::unix::fs::FileExt;
        holes
            .write_all_at(&[n + 1; 100], u64::from(n) * 70_000)
            .unwrap();
    }
    for arguments in [
        &["--format=gnu"][..],
        &["--format=gnu", "--sparse"],
        &["--format=posix"],
        &["--format=posix", "--sparse", "--sparse-version=0.0"],
        &["--format=posix", "--sparse", "--sparse-version=0.1"],
        &["--format=posix", "--sparse", "--sparse-version=1.0"],
    ] {
        let archive = folder.path().join("out.tar");
        let status = Command::new("tar")
            .args(arguments)
            .arg("-C")
            .arg(&content)
            .arg("-cf")
            .arg(&archive)
            .arg(".")
            .status()
            .expect("tar must be installed");
        assert!(status.success());
        let entries = read(&std::fs::read(&archive).unwrap()).unwrap();
        let find = |name: &str| {
            let name = format!("./{name}");
            entries
                .iter()
                .find(|(n, _, _)| *n == name)
                .unwrap_or_else(|| panic!("{name}"))
        };
        assert_eq!(find(&long).2, b"long");
        assert_eq!(
            find("link").1,
            EntryKind::Symlink("t".repeat(150).into_bytes())
        );
        assert!(find("sparse").2 == sparse, "{arguments:?}");
        assert!(find("dense").2 == sparse, "{arguments:?}");
        assert_eq!(entries.len(), 6);
    }
}

#[test]
fn headers_of_the_oldest_kind_are_read() {
    let mut archive = Tar::new().file("plain", "x").0;
    archive[156] = 0;
    archive[257..345].fill(0);
    crate::tests::checksum(&mut archive[..512]);
    let mut folder = Tar::new().entry(spec(b'0', "folder/")).0;
    folder[156] = 0;
    crate::tests::checksum(&mut folder[..512]);
    archive.extend_from_slice(&folder);
    let entries = read(&archive).unwrap();
    assert_eq!(entries[0].1, EntryKind::File);
    assert_eq!(entries[1].1, EntryKind::Directory);
}

#[test]
fn a_ustar_prefix_is_put_in_front() {
    let mut archive = Tar::new().file("name", "").0;
    archive[345..351].copy_from_slice(b"prefix");
    crate::tests::checksum(&mut archive[..512]);
    assert_eq!(read(&archive).unwrap()[0].0, "prefix/name");
}

#[test]
fn no_bytes_are_an_empty_layer() {
    assert!(read(b"").unwrap().is_empty());
    assert!(read(&[0; 1024]).unwrap().is_empty());
    assert!(matches!(read(&[0; 700]), Err(Error::Truncated { .. })));
}

/// A valid archive with an entry of every kind, to be damaged.
fn sample() -> Vec<u8> {
    Tar::new()
        .dir("d")
        .entry(
            spec(b'0', "d/f")
                .data([1; 700])
                .pax("mtime", "1.5")
                .pax("SCHILY.xattr.user.a", "b"),
        )
        .file("n".repeat(200), "long")
        .symlink("l", "t".repeat(150))
        .hardlink("h", "d/f")
        .entry(spec(b'3', "c").device(1, 3))
        .entry(
            spec(b'0', "s")
                .pax("GNU.sparse.major", "1")
                .pax("GNU.sparse.minor", "0")
                .pax("GNU.sparse.realsize", "9000")
                .data([&b"1\n5000\n10\n"[..], &[0; 502], &[7; 10]].concat()),
        )
        .end()
}

#[test]
fn the_sample_is_valid() {
    let entries = read(&sample()).unwrap();
    assert_eq!(entries.len(), 7);
    assert_eq!(entries[6].2.len(), 9000);
}

/// Damages an archive, and corrects the checksums so that the damage is parsed.
fn damage(mut archive: Vec<u8>, changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    let length = archive.len();
    for &(at, value) in changes {
        archive[at % length] = value;
    }
    for record in archive
        .chunks_exact_mut(512)
        .filter(|record| &record[257..262] == b"ustar")
    {
        crate::tests::checksum(record);
    }
    archive.truncate(length - cut % length);
    archive
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..3000), kind in 0..3) {
        let blob = match kind {
            0 => noise,
            1 => gzip(&noise),
            _ => [&b"\x28\xb5\x2f\xfd"[..], &noise].concat(),
        };
        let _ = read(&blob);
    }

    #[test]
    fn damaged_archives_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..12),
        cut in 0usize..8000,
    ) {
        let _ = read(&damage(sample(), &changes, if cut < 4000 { 0 } else { cut }));
    }

    #[test]
    fn damaged_extended_headers_never_panic(records in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = super::Pax::parse(&records);
        let mut keyed = crate::tests::pax_record(b"GNU.sparse.map", &records);
        keyed.extend(crate::tests::pax_record(b"LIBARCHIVE.xattr.user.%4", &records));
        keyed.extend(crate::tests::pax_record(b"mtime", &records));
        let _ = super::Pax::parse(&keyed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn damaged_archives_never_break_a_disk(
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("disk")).unwrap();
        let mut disk = crate::DiskBuilder::create(file, crate::tests::small()).unwrap();
        if disk.apply_layer(&damage(sample(), &changes, 0)[..], "").is_ok() {
            // A `lost+found` that is a file, or an implausible size, may still be refused.
            let _ = disk.finish();
        }
    }
}
