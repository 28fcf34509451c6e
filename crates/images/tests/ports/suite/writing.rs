//! Tests of writing images.

use lazaret_images::{Graph, Target, Wanted, copy};
use lazaret_oci::ManifestDocument;

use super::Place;
use super::reading::reads_like;
use super::sample::Sample;

/// Copies a sample under a name.
async fn write(place: &dyn Place, target: &dyn Target, sample: &Sample, tag: &str) {
    let graph = Graph::read(sample, &sample.root).await.unwrap();
    let name = place.name(tag);
    copy(&graph, sample, target, Some(&name), 4).await.unwrap();
}

async fn round_trip(place: &dyn Place, sample: &Sample) {
    let target = place.new_target().await;
    write(place, &*target, sample, "v1").await;
    target.finish().await.unwrap();
    let source = place.source().await;
    reads_like(&*source, &place.name("v1"), sample).await;
}

pub(super) async fn an_image_keeps_every_byte(place: &dyn Place) {
    round_trip(place, &Sample::image(1)).await;
    let source = place.source().await;
    let sole = source.root(&Wanted::Only).await.unwrap();
    assert_eq!(sole.digest, Sample::image(1).root.digest);
}

pub(super) async fn an_index_keeps_every_byte(place: &dyn Place) {
    round_trip(place, &Sample::index()).await;
}

pub(super) async fn other_digest_algorithms_are_kept(place: &dyn Place) {
    let sample = Sample::image_of_sha512(1);
    let target = place.new_target().await;
    for blob in sample.blobs() {
        target.put_blob(blob).await.unwrap();
    }
    target
        .put_manifest(&sample.root.digest, sample.top())
        .await
        .unwrap();
    target
        .put_root(sample.top().digest(), sample.top(), Some(&place.name("v1")))
        .await
        .unwrap();
    target.finish().await.unwrap();
    let source = place.source().await;
    let by_digest = Wanted::Digest(sample.root.digest.clone());
    let root = source.root(&by_digest).await.unwrap();
    assert_eq!(root.digest, sample.root.digest);
    assert_eq!(
        source.manifest(&root).await.unwrap().raw(),
        sample.top().raw()
    );
    for blob in sample.blobs() {
        let wanted = blob.descriptor();
        let found = source.blob(wanted).await.unwrap();
        found.bytes(wanted.size).await.unwrap();
    }
}

pub(super) async fn blobs_are_taken_once_and_side_by_side(place: &dyn Place) {
    let target = place.new_target().await;
    let samples: Vec<Sample> = (1..=6).map(Sample::image).collect();
    let blobs: Vec<_> = samples.iter().flat_map(Sample::blobs).collect();
    for blob in &blobs {
        assert!(!target.has_blob(blob.descriptor()).await.unwrap());
    }
    let puts = blobs.iter().map(|blob| target.put_blob(blob));
    futures_util::future::try_join_all(puts).await.unwrap();
    for blob in &blobs {
        assert!(target.has_blob(blob.descriptor()).await.unwrap());
        target.put_blob(blob).await.unwrap();
    }
    for (sample, tag) in samples.iter().zip(["a", "b", "c", "d", "e", "f"]) {
        write(place, &*target, sample, tag).await;
    }
    target.finish().await.unwrap();
    let source = place.source().await;
    for (sample, tag) in samples.iter().zip(["a", "b", "c", "d", "e", "f"]) {
        reads_like(&*source, &place.name(tag), sample).await;
    }
}

pub(super) async fn names_move_and_do_not_disturb_each_other(place: &dyn Place) {
    let target = place.new_target().await;
    let (first, second) = (Sample::image(1), Sample::image(2));
    write(place, &*target, &first, "v1").await;
    write(place, &*target, &first, "latest").await;
    write(place, &*target, &second, "latest").await;
    target.finish().await.unwrap();
    let source = place.source().await;
    reads_like(&*source, &place.name("v1"), &first).await;
    reads_like(&*source, &place.name("latest"), &second).await;
}

pub(super) async fn the_root_comes_last(place: &dyn Place) {
    let target = place.new_target().await;
    let sample = Sample::image(1);
    for blob in sample.blobs() {
        target.put_blob(blob).await.unwrap();
    }
    if place.is_lasting() {
        let source = place.source().await;
        let named = Wanted::Name(place.name("v1"));
        assert!(source.root(&named).await.is_err(), "visible too early");
    }
    let name = place.name("v1");
    let top: &ManifestDocument = sample.top();
    target
        .put_root(&sample.root.digest, top, Some(&name))
        .await
        .unwrap();
    target.finish().await.unwrap();
    reads_like(&*place.source().await, &name, &sample).await;
}

pub(super) async fn referrers_are_found(place: &dyn Place) {
    let target = place.new_target().await;
    let image = Sample::image(1);
    let referrer = Sample::referrer(&image.root);
    write(place, &*target, &image, "v1").await;
    for blob in referrer.blobs() {
        target.put_blob(blob).await.unwrap();
    }
    for _ in 0..2 {
        target
            .put_manifest(&referrer.root.digest, referrer.top())
            .await
            .unwrap();
    }
    target.finish().await.unwrap();
    let source = place.source().await;
    // The referrer is not part of the image and does not take its name.
    reads_like(&*source, &place.name("v1"), &image).await;
    let found = source.referrers(&image.root.digest).await.unwrap();
    if place.knows_referrers() {
        let [found] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(found.digest, referrer.root.digest);
        let kind = found.artifact_type.as_deref();
        assert_eq!(kind, Some("application/vnd.test.signature"));
        assert_eq!(found.annotations["by"], "someone");
        let document = source.manifest(found).await.unwrap();
        assert_eq!(document.raw(), referrer.top().raw());
    } else {
        assert!(found.is_empty());
    }
    let none = source.referrers(&referrer.root.digest).await.unwrap();
    assert!(none.is_empty());
}
