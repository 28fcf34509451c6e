//! Measurements, and content that is fetched before somebody asks for it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use lazaret_content::ManifestSelector;
use lazaret_mirror::{MirroredBlob, Prefetched};
use lazaret_oci::Platform;

use crate::harness::{Fault, Gate, Image, Reading, Served, Upstream, blob_path, tag_path};

/// A mirror that shows its measurements to everybody.
fn measured(upstream: &Upstream, mirror: &str) -> Served {
    let url = upstream.url();
    Served::start(&format!(
        "[metrics]\npublic = true\n[mirror]\n{mirror}\n[[upstreams]]\nnamespace = \"up.example\"\n\
         prefix = \"up\"\nendpoints = [\"{url}\"]\n"
    ))
}

/// The measurements of the mirror, by name and labels.
fn measurements(mirror: &Served) -> BTreeMap<String, u64> {
    let text = mirror.get("/metrics").is(200).body;
    let text = String::from_utf8(text).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("lazaret_mirror_"));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[track_caller]
fn has(all: &BTreeMap<String, u64>, name: &str, value: u64) {
    assert_eq!(all.get(name), Some(&value), "{name} in {all:#?}");
}

#[test]
fn hits_misses_bytes_and_answers_of_the_upstream_are_counted() {
    let (upstream, image) = (Upstream::start(), Image::small(100));
    upstream.image("app", "v1", &image);
    let mirror = measured(&upstream, "");
    mirror.pull("app", "v1", &image);
    let cold = measurements(&mirror);
    has(&cold, "lazaret_mirror_requests_total{result=\"hit\"}", 0);
    has(&cold, "lazaret_mirror_requests_total{result=\"miss\"}", 5);
    has(&cold, "lazaret_mirror_requests_total{result=\"stale\"}", 0);
    let asked = "lazaret_mirror_upstream_requests_total{namespace=\"up.example\",status=\"200\"}";
    has(&cold, asked, 5);
    let bytes: u64 = image.blobs().iter().map(|blob| blob.size()).sum();
    has(&cold, "lazaret_mirror_received_bytes_total", bytes);
    has(&cold, "lazaret_mirror_evictions_total", 0);
    mirror.settle();
    mirror.pull("app", "v1", &image);
    let warm = measurements(&mirror);
    has(&warm, "lazaret_mirror_requests_total{result=\"hit\"}", 5);
    has(&warm, "lazaret_mirror_requests_total{result=\"miss\"}", 5);
    has(&warm, asked, 5);
}

#[test]
fn limits_and_old_answers_are_counted() {
    let (upstream, image) = (Upstream::start(), Image::small(101));
    upstream.image("app", "v1", &image);
    let limit = |rest: &str| Fault::Header("RateLimit-Remaining", format!("{rest};w=21600"));
    upstream.always("*", "", limit("76"));
    let mirror = measured(&upstream, "tag_lifetime = \"0s\"");
    mirror.get(&tag_path("app", "v1")).is(200);
    let rest = "lazaret_mirror_upstream_remaining{namespace=\"up.example\"}";
    has(&measurements(&mirror), rest, 76);
    let refusal = vec![
        ("RateLimit-Remaining", "0;w=21600".to_owned()),
        ("Retry-After", "60".to_owned()),
    ];
    upstream.heal();
    upstream.always("*", "", Fault::Refusal(429, refusal));
    for _ in 0..3 {
        mirror.get(&tag_path("app", "v1")).is(200);
    }
    let all = measurements(&mirror);
    has(&all, rest, 0);
    has(&all, "lazaret_mirror_requests_total{result=\"stale\"}", 3);
    let limited = "lazaret_mirror_upstream_requests_total{namespace=\"up.example\",status=\"429\"}";
    has(&all, limited, 1);
}

#[test]
fn a_registry_that_mirrors_nothing_has_no_measurements_of_a_mirror() {
    let mirror = Served::start("[metrics]\npublic = true\n");
    assert!(measurements(&mirror).is_empty());
}

/// Fetches an image for some platforms, as `lazaret mirror prefetch` does.
fn prefetch(mirror: &Served, platforms: &[&str]) -> (Prefetched, Vec<u64>) {
    let platforms: Vec<Platform> = platforms.iter().map(|text| text.parse().unwrap()).collect();
    let source = mirror.source();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mirror = source.open_mirror().await.unwrap();
        let told = Mutex::new(Vec::new());
        let each = |_: &lazaret_oci::Digest, size: u64| told.lock().unwrap().push(size);
        let selector = ManifestSelector::Tag("v1".parse().unwrap());
        let repository = "up/app".parse().unwrap();
        let done = mirror.prefetch(&repository, &selector, &platforms, &each);
        let done = done.await.unwrap();
        (done, told.into_inner().unwrap())
    })
}

#[test]
fn an_image_is_fetched_ahead_for_one_platform_and_no_other() {
    let (upstream, image) = (Upstream::start(), Image::small(102));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let (done, told) = prefetch(&mirror, &["linux/arm64"]);
    assert_eq!(done.digest, image.index.digest);
    assert_eq!((done.blobs, told.len()), (3, 3));
    let fetched: u64 = image.layers[1].iter().map(|layer| layer.size()).sum();
    assert_eq!(done.fetched, fetched + image.configs[1].size());
    for other in [&image.configs[0], &image.layers[0][0], &image.layers[0][1]] {
        assert_eq!(upstream.count("*", &other.digest.to_string()), 0);
    }
    let calls = upstream.calls();
    assert_eq!(calls, 5, "{:?}", upstream.log());
    // The server has them now, and a second time fetches nothing.
    for layer in &image.layers[1] {
        mirror
            .get(&blob_path("app", layer))
            .is(200)
            .has(&layer.bytes);
    }
    let (again, told) = prefetch(&mirror, &["linux/arm64"]);
    assert_eq!((again.fetched, told), (0, Vec::new()));
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
    let (all, _) = prefetch(&mirror, &[]);
    assert_eq!(all.blobs, 6);
    assert_eq!(upstream.calls(), calls + 4, "{:?}", upstream.log());
}

#[test]
fn a_blob_that_the_server_fetches_is_not_fetched_by_another_process() {
    let (upstream, image) = (Upstream::start(), Image::small(103));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    mirror.get(&tag_path("app", "v1")).is(200);
    let gate = Gate::default();
    let layer = &image.layers[1][0];
    let digest = layer.digest.to_string();
    upstream.always("GET", &digest, Fault::Pause(200_000, gate.clone()));
    let path = blob_path("app", layer);
    let mut reading = Reading::begin(mirror.address(), "GET", &path, &[]).unwrap();
    reading.take(1000);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| prefetch(&mirror, &["linux/arm64"]));
        std::thread::sleep(Duration::from_millis(300));
        gate.open();
        assert_eq!(other.join().unwrap().0.blobs, 3);
    });
    assert!(reading.finish().is_whole);
    assert_eq!(upstream.count("GET", &digest), 1, "{:?}", upstream.log());
    let source = mirror.source();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mirror = source.open_mirror().await.unwrap();
        let request = lazaret_mirror::Asked::new(lazaret_mirror::Method::Get);
        let repository = "up/app".parse().unwrap();
        let blob = mirror.blob(&repository, &layer.digest, &request).await;
        assert!(matches!(blob.unwrap(), MirroredBlob::Stored(_)));
    });
}
