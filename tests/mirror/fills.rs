//! Transfers that break off, are left alone, or bring something else.

use crate::harness::{
    Fault, Gate, Image, LARGE, MIB, Reading, Served, Stored, Upstream, blob_path, large, noise,
    tag_path, until,
};

fn layer_of(size: u64) -> Stored {
    Stored::layer(noise(size + 1, usize::try_from(size).unwrap()))
}

/// An upstream with one blob, and a mirror of it.
fn serving(blob: &Stored) -> (Upstream, Served) {
    let upstream = Upstream::start();
    upstream.blob("app", blob);
    let mirror = Served::of(&upstream);
    (upstream, mirror)
}

/// Whether the record of an unfinished blob says that this many bytes are present.
fn recorded(mirror: &Served, bytes: u64) -> bool {
    let records = mirror.unfinished().into_iter();
    let mut records = records.filter(|path| path.extension().is_some_and(|end| end == "map"));
    records.any(|path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let record: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        record["present"][0][1].as_u64() >= Some(bytes)
    })
}

#[test]
fn a_fill_goes_on_after_its_client_has_left() {
    let layer = layer_of(8 * MIB);
    let (upstream, mirror) = serving(&layer);
    let (gate, path) = (Gate::default(), blob_path("app", &layer));
    upstream.always("GET", "/blobs/", Fault::Pause(MIB, gate.clone()));
    let mut reading = Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
    reading.take(1000);
    drop(reading);
    gate.open();
    mirror.settle();
    assert_eq!(upstream.sent(), 8 * MIB);
    mirror.get(&path).is(200).has(&layer.bytes);
    assert_eq!(upstream.count("GET", "/blobs/"), 1, "{:?}", upstream.log());
}

#[test]
fn a_fill_goes_on_after_a_restart_and_only_the_rest_is_asked_for() {
    let layer = layer_of(24 * MIB);
    let (upstream, mut mirror) = serving(&layer);
    let (gate, path) = (Gate::default(), blob_path("app", &layer));
    upstream.always("GET", "/blobs/", Fault::Pause(20 * MIB, gate.clone()));
    let mut reading = Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
    reading.take(1000);
    until("16 MiB are recorded", || recorded(&mirror, 16 * MIB));
    drop(reading);
    mirror.restart();
    upstream.heal();
    mirror.get(&path).is(200).has(&layer.bytes);
    let ranges = upstream.ranges("/blobs/");
    let ranges: Vec<&str> = ranges.iter().flatten().map(String::as_str).collect();
    let [range] = &ranges[..] else {
        panic!("{:?}", upstream.log())
    };
    let start = range.strip_prefix("bytes=").unwrap().split('-').next();
    let start: u64 = start.unwrap().parse().unwrap();
    assert!((16 * MIB..=20 * MIB).contains(&start), "{range}");
    gate.open();
}

#[test]
fn eight_readers_one_of_whom_leaves_and_a_restart_are_one_transfer_and_the_rest() {
    let layer = large();
    let (upstream, mut mirror) = serving(&layer);
    let (gate, path) = (Gate::default(), blob_path("app", &layer));
    upstream.always("GET", "/blobs/", Fault::Pause(40 * MIB, gate.clone()));
    let begin = |mirror: &Served| Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
    let mut readers: Vec<Reading> = (0..8).map(|_| begin(&mirror)).collect();
    drop(readers.pop());
    for reader in &mut readers {
        assert!(reader.take(1000) == layer.bytes[..1000]);
    }
    until("32 MiB are recorded", || recorded(&mirror, 32 * MIB));
    mirror.kill();
    for reader in readers {
        assert!(!reader.finish().is_whole);
    }
    upstream.heal();
    mirror.restart();
    let address = mirror.address();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Reading::begin(address, "GET", &path, &[]).unwrap().finish()))
            .collect();
        for reader in readers {
            reader.join().unwrap().is(200).has(&layer.bytes);
        }
    });
    assert_eq!(upstream.count("GET", "/blobs/"), 2, "{:?}", upstream.log());
    // What was sent and not recorded came twice.
    assert!(upstream.sent() <= LARGE + 10 * MIB, "{}", upstream.sent());
    gate.open();
}

#[test]
fn wrong_bytes_are_cut_before_their_end_and_nothing_is_stored() {
    let layer = layer_of(2 * MIB);
    let (upstream, mirror) = serving(&layer);
    let path = blob_path("app", &layer);
    upstream.always("GET", "/blobs/", Fault::Lie);
    let answer = mirror.get(&path).is(200);
    assert!(!answer.is_whole);
    assert!(answer.body.len() < layer.bytes.len());
    until("the wrong bytes are gone", || {
        mirror.unfinished().is_empty()
    });
    upstream.heal();
    let before = upstream.count("GET", "/blobs/");
    mirror.get(&path).is(200).has(&layer.bytes);
    assert_eq!(upstream.count("GET", "/blobs/"), before + 1);
    assert_eq!(upstream.ranges("/blobs/").pop(), Some(None));
}

#[test]
fn the_last_piece_waits_for_the_verdict() {
    let layer = layer_of(2 * MIB);
    let (upstream, mirror) = serving(&layer);
    let (gate, path) = (Gate::default(), blob_path("app", &layer));
    upstream.always("GET", "/blobs/", Fault::Pause(2 * MIB - 1, gate.clone()));
    let mut reading = Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
    let withheld = 64 * 1024;
    reading.take(2 * MIB - withheld);
    let reading = std::thread::spawn(move || reading.finish());
    // More would come at once, if it came.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(!reading.is_finished());
    gate.open();
    let rest = reading.join().unwrap();
    let at = usize::try_from(2 * MIB - withheld).unwrap();
    rest.has(&layer.bytes[at..]);
}

#[test]
fn a_small_blob_with_wrong_bytes_is_an_error_and_no_body() {
    let blob = layer_of(50_000);
    let (upstream, mirror) = serving(&blob);
    upstream.always("GET", "/blobs/", Fault::Lie);
    let answer = mirror.get(&blob_path("app", &blob)).is(502);
    assert!(answer.json()["errors"][0]["message"].is_string());
}

#[test]
fn a_manifest_with_wrong_bytes_is_never_served() {
    let (upstream, image) = (Upstream::start(), Image::small(7));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    upstream.always("GET", "/manifests/sha256", Fault::Lie);
    let path = format!("/v2/up/app/manifests/{}", image.manifests[0].digest);
    let status = mirror.get(&path).status;
    assert!((500..600).contains(&status), "{status}");
    upstream.heal();
    mirror.get(&path).is(200).has(&image.manifests[0].bytes);
}

#[test]
fn a_blob_that_is_cut_twice_arrives_whole() {
    let layer = layer_of(8 * MIB);
    let (upstream, mirror) = serving(&layer);
    upstream.times(2, "GET", "/blobs/", Fault::Cut(3 * MIB));
    mirror
        .get(&blob_path("app", &layer))
        .is(200)
        .has(&layer.bytes);
    let range = |start: u64| Some(format!("bytes={start}-{}", 8 * MIB - 1));
    let ranges = upstream.ranges("/blobs/");
    let gets = &ranges[ranges.len() - 3..];
    assert_eq!(gets, [None, range(3 * MIB), range(6 * MIB)]);
    assert_eq!(upstream.sent(), 8 * MIB);
}

#[test]
fn a_blob_comes_although_its_upstream_fails_at_first() {
    let layer = layer_of(MIB);
    let (upstream, mirror) = serving(&layer);
    upstream.times(2, "GET", "/blobs/", Fault::Status(500));
    mirror
        .get(&blob_path("app", &layer))
        .is(200)
        .has(&layer.bytes);
    assert_eq!(upstream.count("GET", "/blobs/"), 3, "{:?}", upstream.log());
}

#[test]
fn a_blob_whose_manifest_was_served_is_503_and_not_404_while_its_upstream_fails() {
    let (upstream, image) = (Upstream::start(), Image::small(8));
    upstream.image("app", "v1", &image);
    let mirror = Served::with(&upstream, "patience = \"2s\"", "");
    mirror.get(&tag_path("app", "v1")).is(200);
    let manifest = &image.manifests[0];
    mirror
        .get(&crate::harness::manifest_path("app", manifest))
        .is(200);
    upstream.always("GET", "/blobs/", Fault::Status(503));
    let path = blob_path("app", &image.layers[0][0]);
    let answer = mirror.get(&path).is(503);
    assert!(answer.header("retry-after").is_some());
    upstream.heal();
    mirror.get(&path).is(200).has(&image.layers[0][0].bytes);
}
