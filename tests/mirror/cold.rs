//! Content that is not here yet: one transfer, parts by range, first bytes at once.

use crate::harness::{
    Fault, Gate, Image, LARGE, MIB, Reading, Served, Stored, Upstream, blob_path, large,
    manifest_path, noise, tag_path, until,
};

/// A mirror that knows the manifests of an image, and none of its blobs.
fn knowing(upstream: &Upstream, image: &Image) -> Served {
    upstream.image("app", "v1", image);
    let mirror = Served::of(upstream);
    mirror.get(&tag_path("app", "v1")).is(200);
    let manifest = &image.manifests[0];
    mirror.get(&manifest_path("app", manifest)).is(200);
    mirror
}

fn image_of(size: u64) -> Image {
    Image::with(
        size,
        Stored::layer(noise(size, usize::try_from(size).unwrap())),
    )
}

#[test]
fn many_cold_readers_of_a_blob_are_one_get_upstream() {
    let (upstream, image) = (Upstream::start(), image_of(4 * MIB));
    let mirror = knowing(&upstream, &image);
    let layer = &image.layers[0][0];
    let gate = Gate::default();
    upstream.always("GET", "/blobs/", Fault::Pause(MIB, gate.clone()));
    let path = blob_path("app", layer);
    // All of them are in the middle of the body at the same time.
    let readers: Vec<(Reading, Vec<u8>)> = (0..8)
        .map(|_| {
            let mut reading = Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
            let start = reading.take(MIB / 2);
            (reading, start)
        })
        .collect();
    gate.open();
    for (reading, start) in readers {
        let rest = reading.finish();
        assert!([start, rest.body].concat() == *layer.bytes, "other bytes");
    }
    assert_eq!(upstream.count("*", "/blobs/"), 1, "{:?}", upstream.log());
    assert_eq!(
        upstream.sent() - image.index.size() - image.manifests[0].size(),
        4 * MIB
    );
}

#[test]
fn many_cold_readers_of_a_tag_are_one_get_upstream() {
    let (upstream, image) = (Upstream::start(), Image::small(1));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let gate = Gate::default();
    upstream.always("GET", "/manifests/", Fault::Hold(gate.clone()));
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| mirror.get(&tag_path("app", "v1"))))
            .collect();
        until("the upstream is asked", || upstream.calls() > 0);
        gate.open();
        for reader in readers {
            reader.join().unwrap().is(200).has(&image.index.bytes);
        }
    });
    assert_eq!(upstream.log().len(), 1, "{:?}", upstream.log());
}

#[test]
fn a_cold_image_takes_one_call_for_each_manifest_and_blob() {
    let (upstream, image) = (Upstream::start(), Image::small(2));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    mirror.pull("app", "v1", &image);
    // The index, the manifest, the configuration and two layers.
    assert_eq!(upstream.calls(), 5, "{:?}", upstream.log());
    assert_eq!(upstream.count("HEAD", ""), 0);
}

#[test]
fn a_cold_range_is_206_by_one_ranged_call() {
    let upstream = Upstream::start();
    let image = Image::with(3, large());
    let mirror = knowing(&upstream, &image);
    let before = upstream.sent();
    let path = blob_path("app", &large());
    let (start, end) = (10 * MIB + 5, 10 * MIB + 100_005);
    let answer = mirror.range(&path, &format!("bytes={start}-{}", end - 1));
    let part = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
    let answer = answer.is(206).has(&large().bytes[part]);
    let wanted = format!("bytes {start}-{}/{LARGE}", end - 1);
    assert_eq!(answer.header("content-range"), Some(&wanted[..]));
    let ranges = upstream.ranges("/blobs/");
    assert!(
        matches!(&ranges[..], [Some(range)] if range.starts_with("bytes=")),
        "{ranges:?}"
    );
    assert!(upstream.sent() - before <= MIB, "{}", upstream.sent());
}

#[test]
fn a_range_that_was_read_is_not_fetched_again() {
    let upstream = Upstream::start();
    let mirror = knowing(&upstream, &Image::with(4, large()));
    let path = blob_path("app", &large());
    for _ in 0..3 {
        mirror
            .range(&path, "bytes=1000-1999")
            .is(206)
            .has(&large().bytes[1000..2000]);
        mirror
            .range(&path, "bytes=2000-2999")
            .is(206)
            .has(&large().bytes[2000..3000]);
    }
    assert_eq!(upstream.count("GET", "/blobs/"), 1, "{:?}", upstream.log());
}

#[test]
fn a_range_of_an_upstream_without_ranges_has_the_right_bytes() {
    let (upstream, image) = (Upstream::start(), image_of(3 * MIB));
    let mirror = knowing(&upstream, &image);
    upstream.always("GET", "/blobs/", Fault::Whole);
    let layer = &image.layers[0][0];
    let answer = mirror.range(&blob_path("app", layer), "bytes=2000000-2000999");
    answer.is(206).has(&layer.bytes[2_000_000..2_001_000]);
}

#[test]
fn a_range_outside_of_the_blob_is_416_without_a_call() {
    let (upstream, image) = (Upstream::start(), image_of(MIB));
    let mirror = knowing(&upstream, &image);
    let path = blob_path("app", &image.layers[0][0]);
    let answer = mirror.range(&path, "bytes=1048576-").is(416);
    assert_eq!(answer.header("content-range"), Some("bytes */1048576"));
    assert_eq!(upstream.count("*", "/blobs/"), 0);
}

#[test]
fn aborted_open_ended_ranges_cost_a_few_bytes_upstream_and_no_transfer() {
    let upstream = Upstream::start();
    let mirror = knowing(&upstream, &Image::with(5, large()));
    let before = upstream.sent();
    let path = blob_path("app", &large());
    let starts = [8, 24, 40];
    for start in starts {
        let range = format!("bytes={}-", start * MIB);
        let headers = [("Range", &range[..])];
        let mut reading = Reading::begin(mirror.address(), "GET", &path, &headers).unwrap();
        assert_eq!(reading.status, 206);
        let at = usize::try_from(start * MIB).unwrap();
        assert!(reading.take(1000) == large().bytes[at..at + 1000]);
    }
    let quiet = || {
        let sent = upstream.sent();
        std::thread::sleep(std::time::Duration::from_millis(100));
        sent == upstream.sent()
    };
    until("the upstream has nothing to send", quiet);
    // Each asked for what is read ahead, which is a small part of the rest.
    assert!(
        upstream.sent() - before <= 3 * 5 * MIB,
        "{}",
        upstream.sent()
    );
    assert_eq!(upstream.count("GET", "/blobs/"), 3, "{:?}", upstream.log());
    for range in upstream.ranges("/blobs/") {
        assert!(!range.unwrap().ends_with('-'));
    }
}

#[test]
fn the_first_bytes_arrive_before_the_upstream_has_sent_the_rest() {
    let (upstream, image) = (Upstream::start(), image_of(4 * MIB));
    let mirror = knowing(&upstream, &image);
    let layer = &image.layers[0][0];
    let gate = Gate::default();
    upstream.always("GET", "/blobs/", Fault::Pause(MIB, gate.clone()));
    let path = blob_path("app", layer);
    let mut reading = Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
    assert_eq!(reading.status, 200);
    // Without these bytes the upstream would never go on.
    let start = reading.take(MIB);
    gate.open();
    let rest = reading.finish();
    assert!(rest.is_whole);
    assert!([start, rest.body].concat() == *layer.bytes);
}
