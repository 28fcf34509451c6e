//! Whole packs: written, opened, and changed at every kind of place.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests, too.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use lazaret_pack::{Checked, Damage, Error, Kind, Manifest, Pack, Writer};

const HASH: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

/// A program that is small: this test's own mark, and some bytes around it.
fn program() -> (File, u64) {
    let own = File::open("/proc/self/exe").unwrap();
    let marker = lazaret_pack::Marker::find(&own).unwrap();
    let mut bytes = vec![0; 100];
    own.read_exact_at(&mut bytes, marker.offset - 60).unwrap();
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(&bytes, 5000).unwrap();
    (file, 5100)
}

fn pack(path: &Path) -> Manifest {
    let (program, size) = program();
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .unwrap();
    let mut writer = Writer::begin(file, path, &program, size).unwrap();
    writer.add(Kind::Kernel, &mut &b"kernel"[..]).unwrap();
    writer.add(Kind::Initramfs, &mut &[7; 5000][..]).unwrap();
    let disk = tempfile::tempfile().unwrap();
    disk.write_all_at(&[3; 3 * 4096], 0).unwrap();
    let tree = Checked::Verity {
        data_blocks: 1,
        hash_offset: 4096,
        root_hash: HASH.to_owned(),
        salt: HASH.to_owned(),
        superblock: String::new(),
    };
    writer.add_disk("root", &disk, 3 * 4096, tree).unwrap();
    writer.add(Kind::Launch, &mut &b"{}"[..]).unwrap();
    writer
        .finish("amd64", ("sha256:k", "6.1"), HASH, None)
        .unwrap()
}

/// Compares everything, with a disk whose blocks are 3.
fn compare(path: &Path) -> Result<(), Error> {
    let pack = Pack::open(path)?;
    pack.launch()?;
    for section in &pack.manifest().sections {
        pack.check(section, |file: &File, section| {
            let mut block = [0; 3 * 4096];
            file.read_exact_at(&mut block, section.offset)?;
            Ok::<_, io::Error>(block == [3; 3 * 4096])
        })?;
    }
    pack.check_gaps()
}

#[test]
fn a_pack_is_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    let manifest = pack(&first);
    pack(&second);
    assert_eq!(
        std::fs::read(&first).unwrap(),
        std::fs::read(&second).unwrap()
    );
    compare(&first).unwrap();
    let opened = Pack::open(&first).unwrap();
    assert_eq!(*opened.manifest(), manifest);
    assert_eq!(opened.launch().unwrap(), b"{}");
    let offsets: Vec<u64> = manifest
        .sections
        .iter()
        .map(|section| section.offset)
        .collect();
    assert_eq!(offsets, [0, 8192, 12288, 20480, 32768]);
    let (file, size) = program();
    let hash = lazaret_pack::hash_program(&file, size).unwrap();
    assert_eq!(manifest.sections[0].checked, Checked::Sha256(hash));
    assert!(matches!(opened.require(&[]), Err(Error::Untrusted { .. })));
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack");
    pack(&path);
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    for at in (0..size).step_by(97).chain(size - 700..size) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at).unwrap();
        assert!(compare(&path).is_err(), "byte {at} of {size}");
        file.write_all_at(&byte, at).unwrap();
    }
    compare(&path).unwrap();
}

#[test]
fn a_pack_without_its_end_knows_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack");
    pack(&path);
    let whole = std::fs::read(&path).unwrap();
    for bytes in [
        &whole[..5100],
        &whole[..whole.len() - 1],
        &[&whole[..], b"x"].concat(),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = Pack::open(&path).unwrap_err();
        assert!(matches!(error, Error::NoPack { .. }), "{error}");
        assert!(error.to_string().contains("it was one"), "{error}");
    }
    std::fs::write(&path, b"#!/bin/sh\n").unwrap();
    let error = Pack::open(&path).unwrap_err().to_string();
    assert!(error.contains("does not end with the footer"), "{error}");
}

#[test]
fn bytes_between_sections_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack");
    pack(&path);
    let file = File::options().write(true).open(&path).unwrap();
    file.write_all_at(b"!", 8192 + 100).unwrap();
    match compare(&path).unwrap_err() {
        Error::Damaged {
            damage: Damage::Gap(at),
            ..
        } => assert_eq!(at, 8292),
        error => panic!("{error}"),
    }
}

/// A disk beyond 4 GiB: no number is too small, and holes stay holes.
#[test]
fn large_packs_are_sparse() {
    use std::os::unix::fs::MetadataExt as _;
    const DISK: u64 = 5 << 30;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let (program, size) = program();
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .unwrap();
    let mut writer = Writer::begin(file, &path, &program, size).unwrap();
    writer.add(Kind::Kernel, &mut &b"kernel"[..]).unwrap();
    writer.add(Kind::Initramfs, &mut &b"initramfs"[..]).unwrap();
    let disk = tempfile::tempfile_in(folder.path()).unwrap();
    disk.set_len(DISK).unwrap();
    disk.write_all_at(b"last", DISK - 4).unwrap();
    let tree = Checked::Verity {
        data_blocks: DISK / 4096 - 2,
        hash_offset: DISK - 8192,
        root_hash: HASH.to_owned(),
        salt: HASH.to_owned(),
        superblock: String::new(),
    };
    writer.add_disk("root", &disk, DISK, tree).unwrap();
    writer.add(Kind::Launch, &mut &b"{}"[..]).unwrap();
    let manifest = writer
        .finish("amd64", ("sha256:k", "6.1"), HASH, None)
        .unwrap();
    let pack = Pack::open(&path).unwrap();
    assert!(pack.footer().file > DISK);
    assert_eq!(pack.launch().unwrap(), b"{}");
    let root = &manifest.sections[3];
    let mut last = [0; 4];
    pack.file()
        .read_exact_at(&mut last, root.end() - 4)
        .unwrap();
    assert_eq!(last, *b"last");
    pack.check(root, |_, _| Ok(true)).unwrap();
    assert!(
        path.metadata().unwrap().blocks() * 512 < 1 << 20,
        "holes were written"
    );
}
