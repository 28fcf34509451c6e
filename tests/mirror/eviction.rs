//! Keeping within a size: what goes, and what stays whole.

use std::time::Duration;

use lazaret_mirror::Eviction;
use lazaret_oci::Repository;

use crate::harness::{Image, Served, Stored, Upstream, noise, tag_path};

/// Evicts what was not asked for longest, down to a size in bytes; returns the repositories.
fn evict(mirror: &Served, limit: u64) -> Vec<Repository> {
    mirror.settle();
    let source = mirror.source();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mirror = source.open_mirror().await.unwrap();
        let mut all = Vec::new();
        loop {
            let plan: Eviction = mirror.plan_eviction(limit, Duration::ZERO).await.unwrap();
            // A manifest that clients asked for itself stays when its index goes, until its turn comes.
            let gone = mirror.evict(&plan).await.unwrap();
            if gone.is_empty() {
                return all;
            }
            all.extend(gone.into_iter().map(|image| image.repository));
        }
    })
}

/// An image with one platform whose layers are these.
fn image(seed: u64, layers: &[&Stored]) -> Image {
    Image::of(seed, vec![layers.iter().copied().cloned().collect()])
}

fn layer(seed: u64) -> Stored {
    Stored::layer(noise(seed, 500_000))
}

#[test]
fn eviction_takes_whole_images_those_that_were_not_asked_for_longest() {
    let upstream = Upstream::start();
    let mirror = Served::of(&upstream);
    let images: Vec<Image> = (40..43).map(|seed| image(seed, &[&layer(seed)])).collect();
    for (name, image) in ["one", "two", "three"].iter().zip(&images) {
        upstream.image(name, "v1", image);
        mirror.pull(name, "v1", image);
        std::thread::sleep(Duration::from_millis(5));
    }
    crate::harness::until("everything is kept", || mirror.unfinished().is_empty());
    // Two of the three fit.
    let gone = evict(&mirror, 1_100_000);
    assert!(!gone.is_empty());
    assert!(
        gone.iter().all(|name| name.as_str() == "up/one"),
        "{gone:?}"
    );
    let calls = upstream.calls();
    mirror.pull("two", "v1", &images[1]);
    mirror.pull("three", "v1", &images[2]);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
    // What is gone is fetched like anything that was never here.
    mirror.pull("one", "v1", &images[0]);
    assert_eq!(upstream.calls(), calls + 4, "{:?}", upstream.log());
    assert_eq!(evict(&mirror, u64::MAX), []);
}

#[test]
fn eviction_keeps_layers_that_another_image_has() {
    let upstream = Upstream::start();
    let mirror = Served::of(&upstream);
    let (shared, own, other) = (layer(44), layer(45), layer(46));
    let (old, new) = (image(47, &[&shared, &own]), image(48, &[&shared, &other]));
    upstream.image("app", "old", &old).image("app", "new", &new);
    mirror.pull("app", "old", &old);
    std::thread::sleep(Duration::from_millis(5));
    mirror.pull("app", "new", &new);
    crate::harness::until("everything is kept", || mirror.unfinished().is_empty());
    let gone = evict(&mirror, 1_100_000);
    assert!(!gone.is_empty());
    let calls = upstream.calls();
    mirror.pull("app", "new", &new);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn an_evicted_image_is_listed_no_more_and_can_be_evicted_again() {
    let upstream = Upstream::start();
    let mirror = Served::of(&upstream);
    let image = image(49, &[&layer(49)]);
    upstream.image("app", "v1", &image);
    for _ in 0..2 {
        mirror.pull("app", "v1", &image);
        // The index, and the manifest that a client asked for, too.
        assert_eq!(evict(&mirror, 0).len(), 2);
        assert_eq!(everything(&mirror), Vec::<String>::new());
    }
    upstream.always("*", "", crate::harness::Fault::Status(404));
    mirror.get(&tag_path("app", "v1")).is(404);
}

/// The tags and digests that are listed.
fn everything(mirror: &Served) -> Vec<String> {
    let source = mirror.source();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stores = source.open_stores().await.unwrap();
        let page = lazaret_content::Page::default();
        let listed = stores.database.mirrored(page).await.unwrap();
        let lines = listed.items.iter();
        lines
            .map(|image| format!("{}@{}", image.repository, image.digest))
            .collect()
    })
}
