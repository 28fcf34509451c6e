//! Tests that the same input gives the same bytes.

use crate::tests::{Tar, build, build_with, gzip, small, spec};
use crate::{Attributes, Options};

fn layers() -> [Vec<u8>; 2] {
    let lower = Tar::new()
        .dir("d")
        .file("d/a", "x".repeat(10_000))
        .file("gone", "y".repeat(9000));
    let upper = Tar::new()
        .entry(spec(b'0', "d/b").pax("SCHILY.xattr.user.k", "v"))
        .file(".wh.gone", "")
        .file("new", "z".repeat(5000));
    [lower.end(), upper.end()]
}

#[test]
fn compression_does_not_change_the_disk() {
    let plain = build(&layers());
    let gzipped = build(&layers().map(|layer| gzip(&layer)));
    let zstd = build(&layers().map(|layer| zstd::encode_all(&layer[..], 3).unwrap()));
    let members = build(&layers().map(|layer| {
        let (a, b) = layer.split_at(1000);
        [gzip(a), gzip(b)].concat()
    }));
    assert_eq!(plain.layers, gzipped.layers);
    assert_eq!(plain.layers, zstd.layers);
    for (other, transport) in [
        (gzipped, "gzip"),
        (zstd, "zstd"),
        (members, "multi-member gzip"),
    ] {
        assert!(plain.bytes() == other.bytes(), "{transport} differs");
        let erofs = [plain.twin.as_ref(), other.twin.as_ref()];
        let [plain, other] = erofs.map(|disk| disk.unwrap().bytes());
        assert!(plain == other, "{transport} differs on EROFS");
    }
}

#[test]
fn the_diff_id_is_the_digest_of_the_uncompressed_layer() {
    use sha2::{Digest, Sha256};
    let mut layer = Tar::new().file("a", "b").end();
    layer.extend_from_slice(b"whatever follows the archive");
    let disk = build(&[gzip(&layer)]);
    assert_eq!(
        disk.layers[0].diff_id,
        <[u8; 32]>::from(Sha256::digest(&layer))
    );
    assert_eq!(disk.layers[0].bytes, layer.len() as u64);
    assert_eq!(disk.layers[0].entries, 1);
}

#[test]
fn identifiers_follow_from_content_and_seed() {
    let uuid = |seed: &[u8], content: &[u8]| {
        let options = Options {
            seed: seed.to_vec(),
            label: "root".into(),
            ..small()
        };
        let disk = build_with(options, |disk| {
            disk.add_file("f", Attributes::new(0o644), content)
        });
        disk.unwrap().summary.uuid
    };
    assert_eq!(uuid(b"", b"a"), uuid(b"", b"a"));
    assert_ne!(uuid(b"", b"a"), uuid(b"", b"b"));
    assert_ne!(uuid(b"", b"a"), uuid(b"seed", b"a"));
    assert_eq!(uuid(b"", b"a")[6] >> 4, 8);
}
