//! Archives of images: `docker save`, and layouts in a tar.

use lazaret_oci::Digest;

use super::bombs::{
    entry, gzip_each, gzip_of, header, record, repeat, xz, xz_of, zstd_each, zstd_of,
};
use super::cost::{LARGEST, check};
use crate::support::{World, gzip};

fn check_archive(name: &str, archive: &[u8]) {
    let world = World::new();
    world.write("image.tar", archive);
    let arguments = ["image", "import", "image.tar", "hostile:v1"];
    check(
        &format!("archive: {name}"),
        &world.lazaret(),
        &world,
        &arguments,
    );
    let left = std::fs::read_dir(world.path("home/images/blobs/sha256"));
    assert_eq!(left.map_or(0, |blobs| blobs.flatten().count()), 0, "{name}");
}

#[test]
fn compressed() {
    let zeros = vec![0; 16 << 20];
    let file = header(b'0', b"zeros", b"", 1 << 40);
    check_archive("zeros in gzip", &gzip_of(&file, &zeros));
    check_archive("zeros in zstd", &zstd_of(&file, &zeros));
    check_archive("zeros in xz", &xz_of(&file, &zeros));
    check_archive(
        "empty members",
        &gzip_of(&header(b'0', b"a", b"", 1 << 30), &[]),
    );
    let empty: Vec<u8> = xz(&file, 6);
    check_archive("empty streams of xz", &repeat(&empty, &xz(&[], 0), b""));
    check_archive(
        "a dictionary of 64 MiB",
        &xz(&[&file[..], &vec![0; 80 << 20]].concat(), 9),
    );
    let mut window = zstd::Encoder::new(Vec::new(), 3).unwrap();
    window.long_distance_matching(true).unwrap();
    window.window_log(27).unwrap();
    std::io::Write::write_all(&mut window, &[&file[..], &vec![0; 300 << 20]].concat()).unwrap();
    check_archive("a window of 128 MiB", &window.finish().unwrap());
}

#[test]
fn headers() {
    let names = |kind: u8| {
        (0..4_000_000).map(move |number| entry(kind, format!("{number}").as_bytes(), b"a", b""))
    };
    check_archive("names", &gzip_each(names(b'0')));
    check_archive("links", &zstd_each(names(b'2')));
    check_archive(
        "plain names",
        &names(b'0').take(LARGEST / 512).collect::<Vec<_>>().concat(),
    );
    let long = entry(b'0', &vec![b'n'; (1 << 20) - 1], b"", b"");
    check_archive("names of 1 MiB", &zstd_of(&long, &long));
    let numbered = (0..10_000u32).map(|number| {
        entry(
            b'0',
            &[&vec![b'n'; 60_000][..], number.to_string().as_bytes()].concat(),
            b"",
            b"",
        )
    });
    check_archive("10,000 long names", &zstd_each(numbered));
    let deep = (0..10_000u32).map(|number| {
        entry(
            b'2',
            &[&b"a/".repeat(30_000)[..], number.to_string().as_bytes()].concat(),
            &b"../a/".repeat(12_000),
            b"",
        )
    });
    check_archive("10,000 deep links", &zstd_each(deep));
    let records: Vec<u8> = (0..60_000)
        .flat_map(|number| record(&format!("a{number}"), b""))
        .collect();
    let pax = [
        entry(b'x', b"p", b"", &records),
        entry(b'0', b"a", b"", b""),
    ]
    .concat();
    check_archive("headers of records", &zstd_of(&pax, &pax));
    let global = entry(b'g', b"p", b"", &records);
    check_archive("global headers", &zstd_of(&global, &global));
    check_archive(
        "a file of 8 EiB",
        &header(b'0', b"manifest.json", b"", (1 << 62) - 1),
    );
    check_archive(
        "a long name of 8 EiB",
        &gzip(&header(b'L', b"a", b"", (1 << 62) - 1)),
    );
    let mut sparse = tar::Header::new_gnu();
    sparse.set_entry_type(tar::EntryType::GNUSparse);
    sparse.set_size(0);
    sparse.as_gnu_mut().unwrap().isextended = [1];
    sparse.set_cksum();
    let blocks = [[0; 504].as_slice(), &[1], &[0; 7]].concat();
    check_archive("sparse headers", &repeat(sparse.as_bytes(), &blocks, &[]));
}

#[test]
fn lists() {
    let layer = vec![0; 3 << 20];
    let digest = Digest::of(&layer);
    let config = |times: usize| {
        serde_json::json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": vec![digest.to_string(); times] } }).to_string()
    };
    let list = |times: usize| {
        serde_json::json!([{ "Config": "c", "RepoTags": ["a:b"], "Layers": vec!["l"; times] }])
            .to_string()
    };
    let archive = |times: usize, list: &str| {
        [
            entry(b'0', b"manifest.json", b"", list.as_bytes()),
            entry(b'0', b"c", b"", config(times).as_bytes()),
            entry(b'0', b"l", b"", &layer),
            vec![0; 1024],
        ]
        .concat()
    };
    let world = World::new();
    world.write("image.tar", gzip(&archive(10_000, &list(10_000))));
    let arguments = ["image", "import", "image.tar", "hostile:v1"];
    check(
        "archive: one layer 10,000 times",
        &world.lazaret(),
        &world,
        &arguments,
    );
    let images: Vec<_> = (0..30_000).map(|number| serde_json::json!({ "Config": "c", "RepoTags": [format!("a:{number}")], "Layers": ["l"] })).collect();
    check_archive(
        "30,000 images",
        &gzip(&archive(1, &serde_json::to_string(&images).unwrap())),
    );
    check_archive(
        "a list of lists",
        &entry(b'0', b"manifest.json", b"", &b"[".repeat(LARGEST - 4096)),
    );
}
