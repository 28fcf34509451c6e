//! Limits of what an upstream is asked.

use std::time::{Duration, Instant};

use crate::harness::{Image, Served, Upstream};

#[test]
fn requests_beyond_the_rate_wait_and_none_is_refused() {
    let (upstream, image) = (Upstream::start(), Image::small(91));
    upstream.image("app", "v1", &image);
    let mirror = Served::with(&upstream, "", "requests_per_second = 2");
    let started = Instant::now();
    mirror.pull("app", "v1", &image);
    // Five calls: two tokens are there, three come each half a second.
    assert_eq!(upstream.calls(), 5, "{:?}", upstream.log());
    assert!(started.elapsed() >= Duration::from_millis(1400));
    // What is here needs none.
    for _ in 0..10 {
        mirror.pull("app", "v1", &image);
    }
    assert_eq!(upstream.calls(), 5, "{:?}", upstream.log());
}

#[test]
fn a_rate_that_would_let_nothing_through_is_a_fault_of_the_settings() {
    let (upstream, image) = (Upstream::start(), Image::small(92));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let path = mirror.folder().join("registry.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    for (rate, is_fault) in [("0", true), ("-1.5", true), ("0.5", false)] {
        std::fs::write(&path, format!("{settings}requests_per_second = {rate}\n")).unwrap();
        let read = mirror.source().read();
        assert_eq!(read.is_err(), is_fault, "{rate}");
        if let Err(faults) = read {
            let text = faults.to_string();
            assert!(text.contains("upstreams[0].requests_per_second"), "{text}");
        }
    }
}
