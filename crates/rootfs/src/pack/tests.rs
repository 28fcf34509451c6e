//! Tests of packing local folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use lazaret_values::hex;
use sha2::{Digest, Sha256};

use super::{PackMode, PackOptions, PackSummary, pack};
use crate::Error;
use crate::tests::{Dump, build};

fn bytes(source: &Path, options: PackOptions) -> (Vec<u8>, PackSummary) {
    let mut output = Vec::new();
    let summary = pack(source, &mut output, options).unwrap();
    assert_eq!(summary.digest, <[u8; 32]>::from(Sha256::digest(&output)));
    assert_eq!(summary.size, output.len() as u64);
    (output, summary)
}

fn reproducible() -> PackOptions {
    PackOptions::default()
}

const PRESERVE: PackOptions = PackOptions {
    mode: PackMode::Preserve,
    epoch: 0,
};

fn sample(folder: &Path, file_mode: u32, reverse: bool) {
    let mut names: Vec<String> = (0..50).map(|n| format!("file{n}")).collect();
    if reverse {
        names.reverse();
    }
    fs::create_dir(folder.join("sub")).unwrap();
    for name in names {
        fs::write(folder.join("sub").join(&name), name.repeat(100)).unwrap();
        fs::set_permissions(
            folder.join("sub").join(&name),
            PermissionsExt::from_mode(file_mode),
        )
        .unwrap();
    }
    fs::write(folder.join("run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(
        folder.join("run"),
        PermissionsExt::from_mode(file_mode | 0o100),
    )
    .unwrap();
    symlink("../outside", folder.join("link")).unwrap();
    fs::hard_link(folder.join("run"), folder.join("same")).unwrap();
    fs::write(folder.join("n".repeat(180)), "long name").unwrap();
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sample(one.path(), 0o644, false);
    sample(two.path(), 0o600, true);
    fs::set_permissions(two.path().join("sub"), PermissionsExt::from_mode(0o700)).unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
    fs::File::open(two.path().join("run"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(two.path().join("run"), Some(1234), Some(77)).unwrap();
    }
    let (a, first) = bytes(one.path(), reproducible());
    let (b, second) = bytes(two.path(), reproducible());
    assert!(a == b);
    assert_eq!(first, second);
    let later = PackOptions {
        epoch: 1_700_000_000,
        ..reproducible()
    };
    assert!(bytes(one.path(), later).0 != a);
}

/// Pins the format: a change here changes the digest of every layer pushed so far.
#[test]
fn the_bytes_are_those_of_every_release() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dir")).unwrap();
    fs::write(folder.path().join("dir/file"), "content\n".repeat(1000)).unwrap();
    let (output, summary) = bytes(folder.path(), reproducible());
    assert_eq!(output[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    assert_eq!(
        hex(&summary.diff_id),
        "0ab5b52ff6e3ada541b0c89158f2c50fa667dcf2d8b2771b90eabfdf68d1977d"
    );
    assert_eq!(
        hex(&summary.digest),
        "20dc1e469f0d7bc387f1344aa1aab12e02128bc4bbe761715f78f73a0f2c0126"
    );
}

#[test]
fn a_packed_folder_applies_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), 0o640, false);
    let (layer, summary) = bytes(folder.path(), reproducible());
    assert_eq!(summary.entries, 55);
    let disk = build(&[layer]);
    assert_eq!(disk.layers[0].diff_id, summary.diff_id);
    assert_eq!(disk.layers[0].bytes, summary.uncompressed);
    let dump = Dump::of(&disk);
    assert_eq!(dump.names().len(), 55);
    assert_eq!(
        (dump.get("sub/file7").mode, dump.get("run").mode),
        (0o644, 0o755)
    );
    assert_eq!(
        dump.get("sub/file7").content,
        "file7".repeat(100).as_bytes()
    );
    assert_eq!(dump.get("link").content, b"../outside");
    assert_eq!(dump.get("n".repeat(180)).content, b"long name");
    if dump.exact {
        assert_eq!(
            (dump.get("same").owner, dump.get("same").mtime),
            ((0, 0), (0, 0))
        );
        assert_eq!(dump.get("same").first_name, b"same");
    }
}

#[test]
fn other_tools_read_the_layer() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), 0o644, false);
    let (layer, _) = bytes(folder.path(), reproducible());
    let archive = folder.path().join("layer.tgz");
    fs::write(&archive, layer).unwrap();
    let output = Command::new("tar")
        .arg("-tzvf")
        .arg(&archive)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listing = String::from_utf8(output.stdout).unwrap();
    assert!(listing.contains(&"n".repeat(180)) && listing.contains("link -> ../outside"));
    let names: Vec<&str> = listing
        .lines()
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    assert_eq!(
        (names[0], *names.last().unwrap()),
        ("../outside", "sub/file9")
    );
}

#[test]
fn a_single_file_is_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.bin");
    fs::write(&file, vec![3; 600_000]).unwrap();
    let link = folder.path().join("latest");
    symlink(&file, &link).unwrap();
    let (layer, summary) = bytes(&file, reproducible());
    assert_eq!(summary.entries, 1);
    assert_eq!(build(&[layer]).content("/weights.bin"), vec![3; 600_000]);
    assert_eq!(
        build(&[bytes(&link, reproducible()).0])
            .content("/latest")
            .len(),
        600_000
    );
}

#[test]
fn preserved_metadata_survives_the_way_to_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    sample(folder.path(), 0o640, false);
    let at = |name: &str| folder.path().join(name);
    fs::set_permissions(at("run"), PermissionsExt::from_mode(0o4711)).unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::new(1_600_000_000, 987);
    fs::File::open(at("run"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("pipe"),
        rustix::fs::FileType::Fifo,
        mode,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let attribute = rustix::fs::XattrFlags::empty();
    let has_xattrs = rustix::fs::setxattr(at("run"), "user.key", b"value", attribute).is_ok();
    let disk = build(&[bytes(folder.path(), PRESERVE).0]);
    assert!(disk.debugfs("stat /").contains("Mode:  0711"));
    assert!(disk.debugfs("stat /run").contains("Mode:  04711"));
    let dump = Dump::of(&disk);
    assert!(!dump.names().contains(&"socket".into()));
    assert_eq!(dump.get("sub/file3").mode, 0o640);
    if dump.exact {
        assert_eq!(dump.get("pipe").kind, 'p');
        assert_eq!(dump.get("run").mtime, (1_600_000_000, 987));
        assert_eq!(dump.get("same").first_name, b"run");
        if has_xattrs {
            assert_eq!(
                dump.get("run").xattrs,
                [(b"user.key".to_vec(), b"value".to_vec())]
            );
        }
    }
}

#[test]
fn what_cannot_be_content_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = || match pack(folder.path(), std::io::sink(), reproducible()) {
        Err(Error::Unpackable { path, .. }) => path,
        other => panic!("{other:?}"),
    };
    let socket = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(refused().ends_with("/socket"));
    drop(listener);
    fs::remove_file(&socket).unwrap();
    fs::write(folder.path().join(".wh.x"), "").unwrap();
    assert!(refused().ends_with("/.wh.x"));
    let missing = pack(
        folder.path().join("missing"),
        std::io::sink(),
        reproducible(),
    );
    assert!(matches!(missing, Err(Error::Pack { .. })));
}

/// Our reader reads back everything that needs more than a ustar header.
#[test]
fn extended_records_are_read_back() {
    use super::tar::{TarEntry, TarKind, TarWriter};
    use crate::layer::{Budget, EntryKind};
    use crate::{Attributes, Timestamp};
    let mut writer = TarWriter::new(Vec::new());
    let mut expected = Vec::new();
    for (seconds, nanos) in [
        (-5, 250_000_000),
        (-1, 999_999_999),
        (-7, 0),
        (3, 1),
        (1 << 40, 0),
    ] {
        let attributes = Attributes {
            mode: 0o7123,
            uid: u32::MAX,
            gid: 0o777_7777,
            mtime: Timestamp { seconds, nanos },
            xattrs: vec![(b"user.a".to_vec(), b"=\n\0x".to_vec())],
        };
        let kind = TarKind::Symlink(vec![b't'; 300]);
        let name = &[b'n'; 101][..];
        writer
            .header(&TarEntry {
                name,
                kind,
                attributes: &attributes,
                size: 0,
            })
            .unwrap();
        // Linux has no modes of symbolic links.
        expected.push(Attributes {
            mode: 0o777,
            ..attributes
        });
    }
    let archive = writer.finish().unwrap();
    let budget = Budget {
        bytes: 1 << 20,
        entries: 100,
    };
    let read = crate::layer::read(&archive[..], budget, |reader| {
        for attributes in expected {
            let entry = reader.next_entry()?.unwrap();
            assert_eq!(entry.attributes, attributes);
            assert_eq!(entry.path, [b'n'; 101]);
            assert_eq!(entry.kind, EntryKind::Symlink(vec![b't'; 300]));
        }
        assert!(reader.next_entry()?.is_none());
        Ok(())
    });
    read.unwrap();
}
