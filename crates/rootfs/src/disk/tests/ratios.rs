//! What a layer may become for its compressed size.

use std::io::Write as _;

use crate::tests::{Tar, build_with, small, spec};
use crate::{Error, Limits, Options};

fn zstd(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for piece in pieces {
        encoder.write_all(&piece).unwrap();
    }
    encoder.finish().unwrap()
}

fn refused(layer: &[u8]) -> String {
    let options = Options {
        limits: Limits::default(),
        ..small()
    };
    let error = build_with(options, |disk| disk.apply_layer(layer, "").map(drop)).err();
    match error.unwrap() {
        error @ Error::RatioExceeded { .. } => error.to_string(),
        error => panic!("{error}"),
    }
}

/// An entry without the end of an archive.
fn entry(layer: Tar) -> Vec<u8> {
    let mut tar = layer.end();
    tar.truncate(tar.len() - 1024);
    tar
}

#[test]
fn names_must_be_in_proportion() {
    let directories = (0..100_000).map(|number| entry(Tar::new().dir(format!("{number}"))));
    let error = refused(&zstd(directories));
    assert!(error.contains("bytes of metadata"), "{error}");
}

#[test]
fn paths_must_be_in_proportion() {
    let deep = "d/".repeat(2000);
    let files = (0..10_000).flat_map(|number| {
        let (here, there) = (format!("{deep}{number}"), format!("{number}"));
        [
            entry(Tar::new().file(here, "")),
            entry(Tar::new().file(there, "")),
        ]
    });
    let error = refused(&zstd(files));
    assert!(error.contains("steps along its paths"), "{error}");
}

#[test]
fn extended_headers_must_be_in_proportion() {
    let value = vec![b'v'; 1 << 19];
    let records = entry(Tar::new().entry(spec(b'0', "a").pax("comment", value)));
    let error = refused(&zstd((0..100).map(|_| records.clone())));
    assert!(error.contains("steps along its headers"), "{error}");
}

#[test]
fn a_layer_over_and_over_is_no_larger_layer() {
    let layer = zstd([Tar::new().file("zeros", vec![0; 100 << 20]).end()]);
    let error = build_with(small(), |disk| {
        (0..20).try_for_each(|_| disk.apply_layer(&layer[..], "").map(drop))
    });
    assert!(matches!(error.err(), Some(Error::RatioExceeded { .. })));
}
