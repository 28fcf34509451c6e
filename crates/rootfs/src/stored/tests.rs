use std::fs::OpenOptions;

use super::*;
use crate::tests::{Tar, gzip, spec};

fn file() -> File {
    tempfile::tempfile().unwrap()
}

fn layer() -> Vec<u8> {
    Tar::new()
        .dir("d")
        .entry(spec(b'0', "d/large").data(vec![7; 50_000]))
        .entry(
            spec(b'0', "d/small")
                .pax("SCHILY.xattr.user.a", "value")
                .data("small"),
        )
        .hardlink("again", "d/small")
        .symlink("link", "d/large")
        .entry(spec(b'3', "null").device(1, 3))
        .end()
}

#[test]
fn a_stored_layer_depends_on_its_content_alone() {
    let store = |blob: &[u8]| {
        let output = file();
        let summary = store_layer(blob, &output, Limits::default()).unwrap();
        let mut bytes = Vec::new();
        (&output).rewind().unwrap();
        (&output).read_to_end(&mut bytes).unwrap();
        (summary, bytes)
    };
    let (summary, bytes) = store(&layer());
    assert!(store(&gzip(&layer())) == (summary, bytes.clone()));
    assert_eq!(summary.entries, 6);
    assert_eq!(summary.diff_id, hash(&layer()));
    let reopened = file();
    reopened.write_all_at(&bytes, 0).unwrap();
    assert_eq!(StoredLayer::open(reopened, 1).unwrap().summary(), summary);
}

#[test]
fn what_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer");
    let open = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(&path).unwrap()
    };
    let merge = || {
        let layers = [StoredLayer::open(open(), 1)?];
        merge_layers(&layers, file(), Options::default())
    };
    store_layer(&layer()[..], &open(), Limits::default()).unwrap();
    let size = open().metadata().unwrap().len();
    merge().unwrap();
    let mut whole = vec![0; usize::try_from(size).unwrap()];
    open().read_exact_at(&mut whole, 0).unwrap();
    let log = BLOCK + 13 * BLOCK;
    for at in [
        0,
        8,
        30,
        50,
        80,
        110,
        log,
        log + 1,
        log + 5,
        log + 40,
        log + 300,
    ] {
        open().write_all_at(&[whole[at] ^ 1], at as u64).unwrap();
        let error = merge().unwrap_err();
        assert!(!matches!(error, Error::Poisoned), "byte {at}: {error}");
        open().write_all_at(&whole[at..=at], at as u64).unwrap();
        merge().unwrap();
    }
    open().set_len(size - 2 * BLOCK_U64).unwrap();
    merge().unwrap_err();
    open().set_len(10).unwrap();
    merge().unwrap_err();
}

#[test]
fn limits_are_those_of_the_whole_image() {
    let limits = Limits {
        entries: 10,
        ..Limits::default()
    };
    let stored = || {
        let output = file();
        store_layer(&layer()[..], &output, limits).unwrap();
        StoredLayer::open(output, 1).unwrap()
    };
    let options = || Options {
        limits,
        ..Options::default()
    };
    merge_layers(&[stored()], file(), options()).unwrap();
    let error = merge_layers(&[stored(), stored()], file(), options()).unwrap_err();
    assert!(matches!(error, Error::LimitExceeded { .. }), "{error}");
    let few = Limits {
        entries: 3,
        ..Limits::default()
    };
    store_layer(&layer()[..], &file(), few).unwrap_err();
}

/// Layers that are each within their bounds make a tree that is not.
#[test]
fn the_tree_of_all_layers_is_bounded_by_their_size() {
    let stored = |number: u32, packed: u64| {
        let names = (0..30_000).map(|file| format!("{number}x{file}"));
        let files = names.fold(Tar::new(), |tar, name| tar.entry(spec(b'0', &name)));
        let files = files.end();
        let output = file();
        store_layer(&files[..], &output, Limits::default()).unwrap();
        StoredLayer::open(output, packed).unwrap()
    };
    let merge = |packed: u64| {
        let layers: Vec<_> = (0..8).map(|number| stored(number, packed)).collect();
        merge_layers(&layers, file(), Options::default())
    };
    merge(10 << 20).unwrap();
    let error = merge(1000).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("too much for its compressed size"),
        "{error}"
    );
}
