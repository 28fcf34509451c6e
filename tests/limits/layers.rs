//! Layers of images.

use lazaret_oci::Digest;

use super::bombs::{entry, gzip_each, gzip_of, header, record, zstd_each, zstd_of};
use super::cost::check;
use crate::support::{Image, World, gzip};

const MIB: usize = 1 << 20;

fn check_layer(name: &str, blob: Vec<u8>) {
    check_layers(name, [blob]);
}

fn check_layers(name: &str, blobs: impl IntoIterator<Item = Vec<u8>>) {
    let world = World::new();
    let image = blobs.into_iter().fold(Image::new(), |image, blob| {
        image.blob(blob, Digest::of(b"unknown"))
    });
    image.write(&world.path("layout"));
    for fs in ["ext4", "erofs"] {
        let arguments = ["rootfs", "build", "oci:layout", "--fs", fs, "-o", "disk"];
        check(
            &format!("layer: {name} ({fs})"),
            &world.lazaret(),
            &world,
            &arguments,
        );
        assert!(!world.path("disk").exists());
    }
}

#[test]
fn ratios() {
    let zeros = vec![0; 16 * MIB];
    let file = header(b'0', b"zeros", b"", 12 << 30);
    check_layer("zeros in gzip", gzip_of(&file, &zeros));
    check_layer("zeros in zstd", zstd_of(&file, &zeros));
    let ones = header(b'0', b"ones", b"", 12 << 30);
    check_layer("ones in zstd", zstd_of(&ones, &vec![1; 16 * MIB]));
    check_layer("empty members", gzip_of(&[], &[]));
    check_layer(
        "zeros that are not in the archive",
        zstd_of(&[0; 1024], &zeros),
    );
}

#[test]
fn sizes() {
    check_layer(
        "a file of 8 EiB",
        gzip(&header(b'0', b"a", b"", (1 << 62) - 1)),
    );
    check_layer(
        "a name of 8 EiB",
        gzip(&header(b'L', b"a", b"", (1 << 62) - 1)),
    );
    check_layer(
        "records of 8 EiB",
        gzip(&header(b'x', b"a", b"", (1 << 62) - 1)),
    );
}

#[test]
fn entries() {
    let same = entry(b'0', b"a", b"", b"").repeat(1 << 14);
    check_layer("one name over and over", zstd_of(&[], &same));
    let names = |kind: u8, prefix: &'static str| {
        (0..4_000_000)
            .map(move |number| entry(kind, format!("{prefix}{number}").as_bytes(), b"a", b""))
    };
    check_layer("directories", zstd_each(names(b'5', "")));
    check_layer("files", gzip_each(names(b'0', "")));
    check_layer("whiteouts", zstd_each(names(b'0', ".wh.")));
    check_layer(
        "hard links",
        zstd_each(
            [entry(b'0', b"a", b"", b"x")]
                .into_iter()
                .chain(names(b'1', "l")),
        ),
    );
    check_layer("devices", zstd_each(names(b'3', "")));
}

#[test]
fn paths() {
    let deep = |number: u32| [format!("{number}/").as_bytes(), &b"a/".repeat(2000)].concat();
    let files = (0..1_000_000).map(move |number| entry(b'0', &deep(number), b"", b""));
    check_layer("deep new paths", zstd_each(files));
    let at = |number: u32| [&b"a/".repeat(2000)[..], format!("{number}").as_bytes()].concat();
    let files = (0..1_000_000).flat_map(move |number| {
        [
            entry(b'0', &at(number), b"", b""),
            entry(b'5', b"b", b"", b""),
        ]
    });
    check_layer("one deep path", zstd_each(files));
    let first = entry(b'5', &b"a/".repeat(500), b"", b"");
    let links = (0..30u32).map(|number| {
        let to = if number == 0 {
            b"a/".repeat(500)
        } else {
            format!("l{}/../{}", number - 1, "./".repeat(20)).into_bytes()
        };
        entry(b'2', format!("l{number}").as_bytes(), &to, b"")
    });
    let uses = (0..1_000_000u32).flat_map(|number| {
        [
            entry(b'0', format!("l29/../f{number}").as_bytes(), b"", b""),
            entry(b'1', b"x", b"l29/../f0", b""),
        ]
    });
    check_layer(
        "chains of links",
        zstd_each([first].into_iter().chain(links).chain(uses)),
    );
    let long = (0..1_000_000u32)
        .map(|number| entry(b'2', format!("{number}").as_bytes(), &[b'x'; 4000], b""));
    check_layer("long links", zstd_each(long));
    let opaque = (0..1_000_000u32).flat_map(|number| {
        [
            entry(b'0', format!("{number}").as_bytes(), b"", b""),
            entry(b'0', b".wh..wh..opq", b"", b""),
        ]
    });
    check_layer("opaque directories", zstd_each(opaque));
}

#[test]
fn records() {
    let attributes = |count: u32, length: usize| -> Vec<u8> {
        (0..count)
            .flat_map(|number| record(&format!("SCHILY.xattr.user.{number}"), &vec![b'v'; length]))
            .collect()
    };
    let with = |records: &[u8], name: &str| {
        [
            entry(b'x', b"p", b"", records),
            entry(b'0', name.as_bytes(), b"", b""),
        ]
        .concat()
    };
    let many = attributes(25_000, 1);
    check_layer(
        "a header of attributes",
        zstd_of(&with(&many, "a"), &with(&many, "b")),
    );
    let few = attributes(60, 1);
    check_layer(
        "attributes of every file",
        zstd_each((0..1_000_000u32).map(|number| with(&few, &number.to_string()))),
    );
    let files = (0..400).map(|number| entry(b'0', format!("f{number}").as_bytes(), b"", b""));
    let links = (0..1_000_000u32).map(|number| {
        let records = record(&format!("SCHILY.xattr.user.{}", number % 3000), b"");
        [
            entry(b'x', b"p", b"", &records),
            entry(
                b'1',
                format!("l{number}").as_bytes(),
                format!("f{}", number / 3000).as_bytes(),
                b"",
            ),
        ]
        .concat()
    });
    check_layer("links that bring attributes", zstd_each(files.chain(links)));
    let long = record("path", &vec![b'n'; MIB - 32]);
    check_layer(
        "names of 1 MiB",
        zstd_of(&with(&long, "a"), &with(&long, "b")),
    );
    check_layer(
        "headers without an entry",
        zstd_of(
            &[],
            &entry(b'x', b"p", b"", &record("a", &vec![b'b'; MIB - 32])),
        ),
    );
    check_layer(
        "short headers without an entry",
        zstd_of(
            &[],
            &entry(b'x', b"p", b"", &record("a", b"b")).repeat(4096),
        ),
    );
    let encoded = record("LIBARCHIVE.xattr.user.a", &vec![b'A'; MIB - 64]);
    check_layer(
        "attributes in base64",
        zstd_of(&with(&encoded, "a"), &with(&encoded, "b")),
    );
}

#[test]
fn sparse_files() {
    let map: Vec<u8> = (0..500_000u64)
        .flat_map(|number| format!("{}\n1\n", number * 4).into_bytes())
        .collect();
    let map = [&b"500000\n"[..], &map].concat();
    let map = [
        &map[..],
        &vec![0; map.len().next_multiple_of(512) - map.len()],
    ]
    .concat();
    let content = [&map[..], &vec![1; 500_000]].concat();
    let records = [
        record("GNU.sparse.major", b"1"),
        record("GNU.sparse.minor", b"0"),
        record("GNU.sparse.realsize", b"2000000"),
        record("GNU.sparse.name", b"s"),
    ]
    .concat();
    let file = [
        entry(b'x', b"p", b"", &records),
        entry(b'0', b"s", b"", &content),
    ]
    .concat();
    check_layer("maps of a million", zstd_of(&file, &file));
    let empty = [
        record("GNU.sparse.major", b"1"),
        record("GNU.sparse.minor", b"0"),
        record("GNU.sparse.realsize", b"1000000000000"),
        record("GNU.sparse.name", b"s"),
    ]
    .concat();
    let hole = [
        entry(b'x', b"p", b"", &empty),
        entry(b'0', b"s", b"", b"0\n"),
    ]
    .concat();
    check_layer("holes", zstd_of(&hole, &hole));
}

#[test]
fn many_layers() {
    let zeros = [
        &header(b'0', b"zeros", b"", 32 << 20)[..],
        &vec![0; 32 * MIB],
        &[0; 1024],
    ]
    .concat();
    let blob = super::bombs::zstd(&zeros);
    let world = World::new();
    let image = (0..500).fold(Image::new(), |image, _| {
        image.blob(blob.clone(), Digest::of(&zeros))
    });
    image.write(&world.path("layout"));
    let arguments = ["rootfs", "build", "oci:layout", "-o", "disk"];
    check(
        "layers: 500 of 32 MiB of zeros",
        &world.lazaret(),
        &world,
        &arguments,
    );
}
