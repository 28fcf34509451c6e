//! Upstreams that state what is not so, to take room, time or secrets.

use std::time::Duration;

use serde_json::json;

use crate::harness::{
    Fault, Image, Served, Stored, Upstream, blob_path, manifest_of, noise, tag_path,
};

/// A manifest of a layer whose size is said to be another.
fn stating(layer: &Stored, size: u64, note: &str) -> Stored {
    let config = Stored::layer(b"{}".to_vec());
    let mut entry = layer.descriptor();
    entry["size"] = json!(size);
    manifest_of(
        &config,
        &[],
        json!({"layers": [entry], "annotations": {"note": note}}),
    )
}

#[test]
fn impossible_sizes_are_refused_and_eviction_goes_on() {
    let upstream = Upstream::start();
    let layer = Stored::layer(noise(400, 1000));
    let huge = stating(&layer, 1 << 62, "huge");
    let image = Image::small(401);
    upstream.manifest("app", &huge).tag("app", "huge", &huge);
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let answer = mirror.get(&tag_path("app", "huge")).is(403);
    assert!(answer.json().to_string().contains("sizes that nothing has"));
    mirror.pull("app", "v1", &image);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let opened = mirror.source().open_mirror().await.unwrap();
        let plan = opened.plan_eviction(0, Duration::ZERO).await.unwrap();
        assert!(!plan.images.is_empty());
    });
}

#[test]
fn a_manifest_that_lies_about_a_size_does_not_spoil_another() {
    let upstream = Upstream::start();
    let image = Image::small(402);
    let layer = &image.layers[0][0];
    upstream.image("app", "good", &image);
    // One of many digests comes before that of the good manifest.
    for number in 0..16 {
        let tag = format!("bad{number}");
        let bad = stating(layer, 1, &tag);
        upstream.manifest("app", &bad).tag("app", &tag, &bad);
    }
    let mirror = Served::of(&upstream);
    for number in 0..16 {
        mirror
            .get(&tag_path("app", &format!("bad{number}")))
            .is(200);
    }
    mirror.pull("app", "good", &image);
}

#[test]
fn a_pause_tells_nobody_what_another_asked_for() {
    let upstream = Upstream::start();
    let image = Image::small(403);
    upstream.image("private/secret", "v1", &image);
    upstream.image("app", "v1", &image);
    let wait = vec![("Retry-After", "60".to_owned())];
    upstream.times(1, "*", "private", Fault::Refusal(429, wait));
    let mirror = Served::of(&upstream);
    mirror.get(&tag_path("private/secret", "v1")).is(503);
    let other = mirror.get(&tag_path("app", "v1")).is(503);
    let told = other.json().to_string();
    assert!(told.contains("limits the rate"), "{told}");
    assert!(!told.contains("private"), "{told}");
}

#[test]
fn what_does_not_fit_on_the_disk_is_refused_before_it_is_fetched() {
    let upstream = Upstream::start();
    let layer = Stored::layer(noise(404, 1000));
    // 32 TiB
    let large = stating(&layer, 1 << 45, "large");
    upstream.blob("app", &layer);
    upstream.manifest("app", &large).tag("app", "v1", &large);
    let mirror = Served::of(&upstream);
    mirror.get(&tag_path("app", "v1")).is(200);
    let answer = mirror.get(&blob_path("app", &layer)).is(507);
    assert!(answer.json().to_string().contains("no room"));
    assert_eq!(upstream.count("GET", "/blobs/"), 0, "{:?}", upstream.log());
}

#[test]
fn a_program_that_takes_too_long_ends_with_what_it_has_started() {
    let upstream = Upstream::start();
    upstream.image("app", "v1", &Image::small(405));
    let script = "#!/bin/sh\nsleep 600 &\necho $! > $(dirname $0)/child\nwait\n";
    let url = upstream.url();
    let mirror = Served::beside(
        &[("program", script)],
        &format!(
            "[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\nendpoints = [\"{url}\"]\n\
             [upstreams.pipeline]\nmanifests = {{ stages = [\
             {{ exec = {{ command = \"FOLDER/program\", timeout = \"1s\" }} }}, \"cache\", \"pull\"] }}\n"
        ),
    );
    mirror.get(&tag_path("app", "v1")).is(503);
    let child = std::fs::read_to_string(mirror.folder().join("child")).unwrap();
    let process = format!("/proc/{}/stat", child.trim());
    crate::harness::until("the child of the program ends", || {
        // One that nobody has waited for has ended, too.
        std::fs::read_to_string(&process).map_or(true, |stat| stat.contains(") Z"))
    });
}
