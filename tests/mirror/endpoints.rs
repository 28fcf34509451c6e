//! Several registries that have the content of one upstream.

use std::time::{Duration, Instant};

use crate::harness::{Fault, Image, MIB, Served, Stored, Upstream, blob_path, noise, tag_path};

/// A mirror of an upstream that two registries have.
fn of_two(first: &Upstream, second: &str) -> Served {
    let first = first.url();
    Served::start(&format!(
        "[mirror]\npatience = \"3s\"\ntag_lifetime = \"0s\"\nabsent_lifetime = \"0s\"\n[[upstreams]]\n\
         namespace = \"up.example\"\nprefix = \"up\"\nendpoints = [\"{first}\", \"{second}\"]\n"
    ))
}

#[test]
fn the_first_registry_is_asked_and_the_second_is_not() {
    let (first, second, image) = (Upstream::start(), Upstream::start(), Image::small(110));
    first.image("app", "v1", &image);
    second.image("app", "v1", &image);
    let mirror = of_two(&first, &second.url());
    mirror.pull("app", "v1", &image);
    assert_eq!(first.calls(), 5);
    assert_eq!(second.calls(), 0);
}

#[test]
fn what_the_first_registry_does_not_have_comes_from_the_second() {
    let (first, second, image) = (Upstream::start(), Upstream::start(), Image::small(111));
    second.image("app", "v1", &image);
    let mirror = of_two(&first, &second.url());
    mirror.pull("app", "v1", &image);
    assert_eq!(second.calls(), 5, "{:?}", second.log());
    assert_eq!(first.log(), second.log());
}

#[test]
fn a_registry_that_fails_is_replaced_by_the_next() {
    for fault in [
        Fault::Status(500),
        Fault::Status(403),
        Fault::Refusal(429, vec![("Retry-After", "60".to_owned())]),
        Fault::Lie,
    ] {
        let (first, second, image) = (Upstream::start(), Upstream::start(), Image::small(112));
        first.image("app", "v1", &image);
        second.image("app", "v1", &image);
        first.always("*", "/manifests/sha256", fault.clone());
        let mirror = of_two(&first, &second.url());
        let path = format!("/v2/up/app/manifests/{}", image.index.digest);
        let answer = mirror.get(&path);
        assert_eq!(answer.status, 200, "{fault:?}");
        answer.has(&image.index.bytes);
        assert_eq!(second.calls(), 1);
    }
}

#[test]
fn a_silent_registry_is_replaced_by_the_next_within_the_patience() {
    let (first, second, image) = (Upstream::start(), Upstream::start(), Image::small(113));
    second.image("app", "v1", &image);
    first.always("*", "", Fault::Silence);
    let mirror = of_two(&first, &second.url());
    let started = Instant::now();
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert!(started.elapsed() < Duration::from_secs(8));
    // It is not waited for again right away.
    let calls = first.calls();
    mirror.get(&blob_path("app", &image.layers[0][0])).is(200);
    assert_eq!(first.calls(), calls, "{:?}", first.log());
}

#[test]
fn a_registry_during_a_pause_is_passed_over() {
    let (first, second, image) = (Upstream::start(), Upstream::start(), Image::small(114));
    first.image("app", "v1", &image);
    second.image("app", "v1", &image);
    let headers = vec![("Retry-After", "60".to_owned())];
    first.always("*", "", Fault::Refusal(503, headers));
    let mirror = of_two(&first, &second.url());
    mirror.pull("app", "v1", &image);
    assert_eq!(first.calls(), 1, "{:?}", first.log());
    assert_eq!(second.calls(), 5);
}

#[test]
fn a_blob_that_breaks_off_goes_on_from_the_next_registry() {
    let (first, second) = (Upstream::start(), Upstream::start());
    let layer = Stored::layer(noise(115, 4_000_000));
    first.blob("app", &layer);
    second.blob("app", &layer);
    first.times(1, "GET", "/blobs/", Fault::Cut(MIB));
    let mirror = of_two(&first, &second.url());
    let path = blob_path("app", &layer);
    mirror.head(&path).is(200);
    // After it has broken off, the first fails altogether.
    first.always("GET", "/blobs/", Fault::Status(500));
    first.heal();
    first.times(1, "GET", "/blobs/", Fault::Cut(MIB));
    first.always("HEAD", "/blobs/", Fault::Status(500));
    mirror.get(&path).is(200).has(&layer.bytes);
    let ranges = first.ranges("/blobs/");
    assert!(
        ranges.contains(&Some(format!("bytes={MIB}-3999999"))),
        "{ranges:?}"
    );
}

#[test]
fn a_registry_may_have_the_content_below_a_path() {
    let (first, second, image) = (Upstream::start(), Upstream::start(), Image::small(116));
    second.image("cache/hub/app", "v1", &image);
    let mirror = of_two(&first, &format!("{}/cache/hub", second.url()));
    mirror.pull("app", "v1", &image);
    assert!(second.log()[0].ends_with("/v2/cache/hub/app/manifests/v1"));
}

#[test]
fn what_no_registry_has_is_404_and_what_one_cannot_say_is_503() {
    let (first, second) = (Upstream::start(), Upstream::start());
    let mirror = of_two(&first, &second.url());
    mirror.get(&tag_path("app", "v1")).is(404);
    first.always("*", "", Fault::Status(500));
    mirror.get(&tag_path("app", "v2")).is(503);
}
