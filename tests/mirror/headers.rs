//! The headers of clients that the original mirror set up.

use serde_json::json;

use crate::harness::{Answer, Image, Served, Stored, Upstream, manifest_of, manifest_path, noise};

const SUFFIXES: [&str; 2] = ["x-ms-accept-if-suffix", "x-ms-enable-mirror-if-suffix"];
const UPGRADE: &str = "x-ms-upgrade-if-streamable";
const OVERLAYBD: &str = "application/vnd.containerd.overlaybd.native.v1+json";
const PLAIN: &str = "{ stages = [\"login\", \"authn\", \"resolve\", \"cache\", \"pull\"] }";
const STREAMING: &str =
    "{ stages = [\"resolve\", \"discover\", { teleport = \"overlaybd\" }, \"cache\", \"pull\"] }";

/// A tag, asked for as containerd does.
fn tag(mirror: &Served, headers: &[(&str, &str)]) -> Answer {
    mirror.ask("GET", "/v2/app/manifests/v1?ns=up.example", headers)
}

/// An image, and the overlaybd form of it.
fn streamable(upstream: &Upstream) -> (Image, Stored) {
    let image = Image::small(81);
    upstream.image("app", "v1", &image);
    let mut layer = Stored::layer(noise(81, 1000));
    layer.media_type = "application/vnd.oci.image.layer.v1.tar".to_owned();
    let config = &image.configs[0];
    let plain = manifest_of(config, std::slice::from_ref(&layer), json!({}));
    let mut document: serde_json::Value = serde_json::from_slice(&plain.bytes).unwrap();
    document["layers"][0]["annotations"] = json!({
        "containerd.io/snapshot/overlaybd/blob-digest": layer.digest.to_string(),
        "containerd.io/snapshot/overlaybd/blob-size": "1000",
    });
    document["subject"] = image.index.descriptor();
    let form = Stored::new(&plain.media_type, document.to_string().into_bytes());
    upstream.referrer("app", &image.index, OVERLAYBD, &form);
    (image, form)
}

#[test]
fn a_suffix_that_the_upstream_has_not_is_503_and_asks_nobody() {
    let (upstream, image) = (Upstream::start(), Image::small(82));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    for name in SUFFIXES {
        tag(&mirror, &[(name, "azurecr.io")]).is(503);
        tag(&mirror, &[(name, ".example.")]).is(503);
    }
    tag(&mirror, &[(SUFFIXES[0], ".example"), (SUFFIXES[1], ".io")]).is(503);
    assert_eq!(upstream.calls(), 0, "{:?}", upstream.log());
    for suffix in ["example", ".example", "up.example", ""] {
        tag(&mirror, &[(SUFFIXES[0], suffix), (SUFFIXES[1], suffix)])
            .is(200)
            .has(&image.index.bytes);
    }
}

#[test]
fn a_suffix_of_more_than_255_bytes_is_ignored() {
    let (upstream, image) = (Upstream::start(), Image::small(83));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    for name in SUFFIXES {
        tag(&mirror, &[(name, &"x".repeat(255))]).is(503);
        tag(&mirror, &[(name, &"x".repeat(256))]).is(200);
    }
}

#[test]
fn a_suffix_is_about_upstreams_alone() {
    let mirror = Served::of(&Upstream::start());
    mirror.ask("GET", "/v2/", &[(SUFFIXES[0], ".io")]).is(200);
}

#[test]
fn a_client_that_names_a_pipeline_gets_what_that_one_does() {
    let upstream = Upstream::start();
    let (image, form) = streamable(&upstream);
    let pipelines = format!(
        "[upstreams.pipeline]\nmanifests = {PLAIN}\nblobs = {PLAIN}\n\
         [upstreams.pipeline.tagged.overlaybd]\nmanifests = {STREAMING}\n"
    );
    let mirror = Served::with(&upstream, "", &pipelines);
    tag(&mirror, &[]).is(200).has(&image.index.bytes);
    assert_eq!(upstream.count("*", "/referrers/"), 0);
    let swapped = tag(&mirror, &[(UPGRADE, "overlaybd")]).is(200);
    let digest = form.digest.to_string();
    assert_eq!(swapped.header("docker-content-digest"), Some(&digest[..]));
    swapped.has(&form.bytes);
    // The decision is not everybody's, and other names mean nothing.
    tag(&mirror, &[(UPGRADE, "nydus")])
        .is(200)
        .has(&image.index.bytes);
    tag(&mirror, &[(UPGRADE, "")])
        .is(200)
        .has(&image.index.bytes);
    tag(&mirror, &[]).is(200).has(&image.index.bytes);
}

#[test]
fn a_digest_is_never_swapped_for_a_named_pipeline_either() {
    let upstream = Upstream::start();
    let (image, _) = streamable(&upstream);
    let pipelines = format!(
        "[upstreams.pipeline]\nmanifests = {PLAIN}\n\
         [upstreams.pipeline.tagged.overlaybd]\nmanifests = {STREAMING}\n"
    );
    let mirror = Served::with(&upstream, "", &pipelines);
    let path = manifest_path("app", &image.index);
    mirror
        .ask("GET", &path, &[(UPGRADE, "overlaybd")])
        .is(200)
        .has(&image.index.bytes);
    assert_eq!(upstream.count("*", "/referrers/"), 0);
}

#[test]
fn what_a_named_pipeline_lacks_is_done_by_the_usual_one() {
    let upstream = Upstream::start();
    let (image, _) = streamable(&upstream);
    let pipelines = format!(
        "[upstreams.pipeline]\nmanifests = {PLAIN}\nblobs = {PLAIN}\n\
         [upstreams.pipeline.tagged.listed]\ntags = {PLAIN}\n"
    );
    let mirror = Served::with(&upstream, "", &pipelines);
    let list = "/v2/app/tags/list?ns=up.example";
    mirror.get(list).is(403);
    mirror.ask("GET", list, &[(UPGRADE, "listed")]).is(200);
    tag(&mirror, &[(UPGRADE, "listed")])
        .is(200)
        .has(&image.index.bytes);
}

#[test]
fn the_name_of_a_pipeline_of_more_than_255_bytes_is_ignored() {
    let upstream = Upstream::start();
    let (image, form) = streamable(&upstream);
    let (longest, longer) = ("x".repeat(255), "x".repeat(256));
    let pipelines = format!(
        "[upstreams.pipeline]\nmanifests = {PLAIN}\n\
         [upstreams.pipeline.tagged.{longest}]\nmanifests = {STREAMING}\n\
         [upstreams.pipeline.tagged.{longer}]\nmanifests = {STREAMING}\n"
    );
    let mirror = Served::with(&upstream, "", &pipelines);
    tag(&mirror, &[(UPGRADE, &longest)])
        .is(200)
        .has(&form.bytes);
    tag(&mirror, &[(UPGRADE, &longer)])
        .is(200)
        .has(&image.index.bytes);
}
