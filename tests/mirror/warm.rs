//! Content that is here: who is asked, and for what.

use std::time::Duration;

use crate::harness::{
    Fault, Image, LARGE, Served, Stored, Upstream, blob_path, large, manifest_path, noise, tag_path,
};

#[test]
fn a_warm_tag_is_no_call_within_its_lifetime_then_one_head() {
    let (upstream, image) = (Upstream::start(), Image::small(30));
    upstream.image("app", "v1", &image);
    let mirror = Served::with(&upstream, "tag_lifetime = \"1s\"", "");
    for _ in 0..3 {
        mirror
            .get(&tag_path("app", "v1"))
            .is(200)
            .has(&image.index.bytes);
        mirror.head(&tag_path("app", "v1")).is(200);
    }
    assert_eq!(upstream.log(), ["GET /v2/app/manifests/v1"]);
    std::thread::sleep(Duration::from_millis(1100));
    for _ in 0..3 {
        mirror
            .get(&tag_path("app", "v1"))
            .is(200)
            .has(&image.index.bytes);
    }
    let log = upstream.log();
    assert_eq!(log[1..], ["HEAD /v2/app/manifests/v1"]);
}

#[test]
fn a_tag_that_has_moved_is_one_head_and_one_get() {
    let (upstream, image, next) = (Upstream::start(), Image::small(31), Image::small(32));
    upstream.image("app", "v1", &image);
    let mirror = Served::with(&upstream, "tag_lifetime = \"0s\"", "");
    mirror.get(&tag_path("app", "v1")).is(200);
    upstream.image("app", "v1", &next);
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&next.index.bytes);
    let log = upstream.log();
    let get = format!("GET /v2/app/manifests/{}", next.index.digest);
    assert_eq!(log[1..], ["HEAD /v2/app/manifests/v1".to_owned(), get]);
    // Both are kept.
    upstream.always("*", "", Fault::Status(500));
    mirror.get(&manifest_path("app", &image.index)).is(200);
    mirror.get(&manifest_path("app", &next.index)).is(200);
}

#[test]
fn a_kept_image_is_no_call_also_after_a_restart_with_its_upstream_gone() {
    let (upstream, image) = (Upstream::start(), Image::small(33));
    upstream.image("app", "v1", &image);
    let mut mirror = Served::of(&upstream);
    mirror.pull("app", "v1", &image);
    mirror.settle();
    let calls = upstream.calls();
    mirror.pull("app", "v1", &image);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
    upstream.always("*", "", Fault::Silence);
    mirror.restart();
    mirror.pull("app", "v1", &image);
    mirror.get(&manifest_path("app", &image.index)).is(200);
    mirror
        .range(&blob_path("app", &image.layers[0][0]), "bytes=5-9")
        .is(206)
        .has(&image.layers[0][0].bytes[5..10]);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn a_head_of_a_blob_that_is_not_here_has_its_size_and_downloads_nothing() {
    let upstream = Upstream::start();
    let image = Image::with(34, large());
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let path = blob_path("app", &large());
    // No manifest here names it, so that its upstream has to be asked.
    let answer = mirror.head(&path).is(200);
    assert_eq!(
        answer.header("content-length"),
        Some(&LARGE.to_string()[..])
    );
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(&large().digest.to_string()[..])
    );
    assert_eq!(upstream.log().len(), 1);
    assert_eq!(upstream.count("HEAD", "/blobs/"), 1);
    assert_eq!(upstream.sent(), 0);
    // One that a manifest names has the size that this says.
    mirror
        .get(&manifest_path("app", &image.manifests[0]))
        .is(200);
    let answer = mirror.head(&path).is(200);
    assert_eq!(
        answer.header("content-length"),
        Some(&LARGE.to_string()[..])
    );
    assert_eq!(upstream.count("*", "/blobs/"), 1, "{:?}", upstream.log());
}

#[test]
fn a_head_of_a_blob_that_is_nowhere_is_404() {
    let upstream = Upstream::start();
    let mirror = Served::of(&upstream);
    let blob = Stored::layer(noise(35, 10));
    mirror.head(&blob_path("app", &blob)).is(404);
    mirror.get(&blob_path("app", &blob)).is(404);
    assert_eq!(upstream.count("GET", ""), 0, "{:?}", upstream.log());
}

#[test]
fn a_head_of_a_tag_that_is_not_here_and_the_get_behind_it_are_one_call() {
    let (upstream, image) = (Upstream::start(), Image::small(36));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let head = mirror.head(&tag_path("app", "v1")).is(200);
    let digest = image.index.digest.to_string();
    assert_eq!(head.header("docker-content-digest"), Some(&digest[..]));
    assert_eq!(
        head.header("content-type"),
        Some(&image.index.media_type[..])
    );
    let size = image.index.size().to_string();
    assert_eq!(head.header("content-length"), Some(&size[..]));
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
}
