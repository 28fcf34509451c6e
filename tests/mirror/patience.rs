//! Upstreams that are silent, limit requests or fail: what clients are told, and when.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::harness::{
    Answer, Fault, Gate, Image, Served, Stored, Upstream, blob_path, noise, tag_path, until,
};

/// What an answer within a second may take on a machine that is busy.
const SOON: Duration = Duration::from_secs(5);

/// An upstream with an image, and a mirror that asks for each tag anew.
fn impatient() -> (Upstream, Served, Image) {
    let (upstream, image) = (Upstream::start(), Image::small(20));
    upstream.image("app", "v1", &image);
    let settings = "patience = \"1s\"\ntag_lifetime = \"0s\"\nabsent_lifetime = \"0s\"";
    let mirror = Served::with(&upstream, settings, "");
    (upstream, mirror, image)
}

/// Asserts that an answer is 503 and tells when to ask again.
#[track_caller]
fn is_unavailable(answer: Answer) -> u64 {
    let answer = answer.is(503);
    let wait = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    wait
}

/// Asserts that an answer is old.
#[track_caller]
fn is_stale(answer: Answer, image: &Image) {
    let answer = answer.is(200).has(&image.index.bytes);
    let warning = answer.header("warning").unwrap();
    assert!(warning.starts_with("110 "), "{warning}");
}

#[test]
fn a_silent_upstream_is_503_within_the_patience() {
    let (upstream, mirror, image) = impatient();
    upstream.always("*", "", Fault::Silence);
    let layer = &image.layers[0][0];
    let paths = [
        tag_path("app", "v1"),
        blob_path("app", layer),
        "/v2/up/app/tags/list".to_owned(),
        format!("/v2/up/app/referrers/{}", image.index.digest),
    ];
    std::thread::scope(|scope| {
        for path in &paths {
            let mirror = &mirror;
            scope.spawn(move || {
                let started = Instant::now();
                is_unavailable(mirror.get(path));
                assert!(started.elapsed() < SOON, "{path}: {:?}", started.elapsed());
            });
        }
    });
    assert!(upstream.calls() > 0);
}

#[test]
fn an_upstream_that_cannot_be_reached_is_503_at_once_and_not_dialled_for_a_while() {
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mirror = Served::start(&format!(
        "[mirror]\npatience = \"2s\"\n[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\n\
         endpoints = [\"http://{address}\"]\n"
    ));
    let started = Instant::now();
    is_unavailable(mirror.get(&tag_path("app", "v1")));
    assert!(started.elapsed() < SOON);
    let upstream = Upstream::at(&address.to_string());
    is_unavailable(mirror.get(&tag_path("app", "v1")));
    assert_eq!(upstream.connections(), 0);
    let image = Image::small(21);
    upstream.image("app", "v1", &image);
    until("the pause is over", || {
        mirror.get(&tag_path("app", "v1")).status == 200
    });
}

#[test]
fn a_fetch_goes_on_after_its_client_was_told_503() {
    let (upstream, mirror, image) = impatient();
    let gate = Gate::default();
    upstream.always("GET", "/manifests/", Fault::Pause(10, gate.clone()));
    let path = format!("/v2/up/app/manifests/{}", image.index.digest);
    is_unavailable(mirror.get(&path));
    gate.open();
    until("the manifest is here", || mirror.get(&path).status == 200);
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
}

#[test]
fn a_rate_limit_is_503_with_its_wait_and_never_429() {
    let (upstream, mirror, _) = impatient();
    let headers = vec![("Retry-After", "40".to_owned())];
    upstream.always("*", "", Fault::Refusal(429, headers));
    let wait = is_unavailable(mirror.get(&tag_path("app", "v1")));
    assert!((30..=40).contains(&wait), "{wait}");
    let calls = upstream.calls();
    assert_eq!(calls, 1, "{:?}", upstream.log());
    // Nobody is asked during the pause, for whatever.
    upstream.heal();
    let wait = is_unavailable(mirror.get(&tag_path("other", "v2")));
    assert!((30..=40).contains(&wait), "{wait}");
    let blob = Stored::layer(noise(22, 100));
    is_unavailable(mirror.head(&blob_path("app", &blob)));
    is_unavailable(mirror.get(&blob_path("app", &blob)));
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn a_rate_limit_without_a_wait_is_503_with_one() {
    let (upstream, mirror, _) = impatient();
    upstream.always("*", "", Fault::Status(429));
    is_unavailable(mirror.get(&tag_path("app", "v1")));
    let calls = upstream.calls();
    is_unavailable(mirror.get(&tag_path("app", "v1")));
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn a_kept_tag_is_served_stale_while_its_upstream_limits_requests() {
    let (upstream, mirror, image) = impatient();
    mirror.get(&tag_path("app", "v1")).is(200);
    let headers = vec![("Retry-After", "60".to_owned())];
    upstream.always("*", "", Fault::Refusal(429, headers));
    let before = upstream.calls();
    is_stale(mirror.get(&tag_path("app", "v1")), &image);
    is_stale(mirror.get(&tag_path("app", "v1")), &image);
    assert_eq!(upstream.calls(), before + 1, "{:?}", upstream.log());
    let head = mirror.head(&tag_path("app", "v1")).is(200);
    assert!(head.header("warning").is_some());
}

#[test]
fn a_kept_tag_is_served_stale_while_its_upstream_fails_or_is_silent() {
    for fault in [Fault::Status(500), Fault::Status(503), Fault::Silence] {
        let (upstream, mirror, image) = impatient();
        mirror.get(&tag_path("app", "v1")).is(200);
        upstream.always("*", "", fault);
        let started = Instant::now();
        is_stale(mirror.get(&tag_path("app", "v1")), &image);
        assert!(started.elapsed() < SOON);
    }
}

#[test]
fn a_fresh_answer_has_no_warning() {
    let (_upstream, mirror, _) = impatient();
    for _ in 0..2 {
        let answer = mirror.get(&tag_path("app", "v1")).is(200);
        assert_eq!(answer.header("warning"), None);
    }
}

#[test]
fn a_kept_tag_that_is_too_old_is_503() {
    let (upstream, image) = (Upstream::start(), Image::small(23));
    upstream.image("app", "v1", &image);
    let settings = "patience = \"1s\"\ntag_lifetime = \"0s\"\nstale_lifetime = \"0s\"";
    let mirror = Served::with(&upstream, settings, "");
    mirror.get(&tag_path("app", "v1")).is(200);
    upstream.always("*", "", Fault::Status(503));
    is_unavailable(mirror.get(&tag_path("app", "v1")));
    // What a digest names never gets old.
    let path = format!("/v2/up/app/manifests/{}", image.index.digest);
    mirror.get(&path).is(200).has(&image.index.bytes);
}

#[test]
fn an_upstream_that_refuses_the_mirror_is_404_and_asks_nobody_to_log_in() {
    for status in [401, 403] {
        let (upstream, mirror, image) = impatient();
        upstream.always("*", "", Fault::Status(status));
        let answer = mirror.get(&tag_path("app", "v1")).is(404);
        assert_eq!(answer.header("www-authenticate"), None);
        mirror.get(&blob_path("app", &image.layers[0][0])).is(404);
    }
}

#[test]
fn a_tag_that_is_gone_upstream_is_gone_and_its_content_stays() {
    let (upstream, mirror, image) = impatient();
    mirror.get(&tag_path("app", "v1")).is(200);
    upstream.forget("/manifests/");
    mirror.get(&tag_path("app", "v1")).is(404);
    let path = format!("/v2/up/app/manifests/{}", image.index.digest);
    mirror.get(&path).is(200).has(&image.index.bytes);
}

#[test]
fn what_is_absent_is_asked_for_once_within_its_lifetime() {
    let upstream = Upstream::start();
    let mirror = Served::with(&upstream, "absent_lifetime = \"1s\"", "");
    for _ in 0..3 {
        mirror.get(&tag_path("app", "none")).is(404);
    }
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
    let image = Image::small(24);
    upstream.image("app", "none", &image);
    std::thread::sleep(Duration::from_millis(1100));
    mirror.get(&tag_path("app", "none")).is(200);
}
