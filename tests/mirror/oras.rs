//! Streamable images that registries listed before OCI 1.1.

use serde_json::json;

use crate::harness::{Fault, Image, Served, Stored, Upstream, manifest_of, noise, tag_path};

const ARTIFACT: &str = "application/vnd.cncf.oras.artifact.manifest.v1+json";
const OLDEST: &str = "dadi.image.v1";
const NEW: &str = "/_oras/artifacts/referrers";
const OLD: &str = "/oras/artifacts/v1/";

/// The overlaybd form of an image, as an artifact of ORAS has it, and the artifact.
fn oldest(upstream: &Upstream, image: &Image) -> (Stored, Stored) {
    let mut layer = Stored::layer(noise(101, 1000));
    layer.media_type = "application/vnd.oci.image.layer.v1.tar".to_owned();
    let plain = manifest_of(&image.configs[0], std::slice::from_ref(&layer), json!({}));
    let mut document: serde_json::Value = serde_json::from_slice(&plain.bytes).unwrap();
    document["layers"][0]["annotations"] = json!({
        "containerd.io/snapshot/overlaybd/blob-digest": layer.digest.to_string(),
        "containerd.io/snapshot/overlaybd/blob-size": "1000",
    });
    let form = Stored::new(&plain.media_type, document.to_string().into_bytes());
    let artifact = json!({
        "mediaType": ARTIFACT,
        "artifactType": OLDEST,
        "blobs": [layer.descriptor(), form.descriptor()],
        "subject": image.index.descriptor(),
    });
    let artifact = Stored::new(ARTIFACT, artifact.to_string().into_bytes());
    upstream.manifest("app", &form).manifest("app", &artifact);
    (form, artifact)
}

/// Answers requests with this part by a list of artifacts.
fn list(upstream: &Upstream, part: &str, field: &str, artifact: &Stored) {
    let mut entry = artifact.descriptor();
    entry["artifactType"] = json!(OLDEST);
    let list = json!({ field: [entry] }).to_string();
    let list = Stored::new("application/json", list.into_bytes());
    upstream.blob("app", &list);
    let url = format!("{}/v2/app/blobs/{}", upstream.url(), list.digest);
    upstream.always("GET", part, Fault::Redirect(307, url));
}

fn discovering(upstream: &Upstream, types: &str) -> Served {
    let stages = format!(
        "[\"resolve\", {{ discover = [{types}] }}, {{ teleport = \"acr\" }}, \"cache\", \"pull\"]"
    );
    let pipeline = format!("[upstreams.pipeline]\nmanifests = {{ stages = {stages} }}");
    Served::with(upstream, "", &pipeline)
}

#[test]
fn a_tag_is_swapped_for_the_image_in_an_artifact_of_oras() {
    for (part, field) in [(NEW, "referrers"), (OLD, "references")] {
        let (upstream, image) = (Upstream::start(), Image::small(101));
        upstream.image("app", "v1", &image);
        let (form, artifact) = oldest(&upstream, &image);
        list(&upstream, part, field, &artifact);
        let mirror = discovering(&upstream, "\"dadi.image.v1\"");
        let answer = mirror.get(&tag_path("app", "v1")).is(200);
        let digest = form.digest.to_string();
        assert_eq!(answer.header("docker-content-digest"), Some(&digest[..]));
        answer.has(&form.bytes);
        // The decision is remembered.
        let before = upstream.calls();
        mirror.get(&tag_path("app", "v1")).is(200).has(&form.bytes);
        assert_eq!(upstream.calls(), before, "{:?}", upstream.log());
    }
}

#[test]
fn the_api_of_oras_is_asked_only_for_those_who_name_its_type() {
    let (upstream, image) = (Upstream::start(), Image::small(102));
    upstream.image("app", "v1", &image);
    let (_, artifact) = oldest(&upstream, &image);
    list(&upstream, NEW, "referrers", &artifact);
    for types in ["", "\"application/vnd.azure.artifact.streaming.v1\""] {
        let mirror = discovering(&upstream, types);
        mirror
            .get(&tag_path("app", "v1"))
            .is(200)
            .has(&image.index.bytes);
    }
    assert_eq!(upstream.count("*", "oras"), 0, "{:?}", upstream.log());
}

#[test]
fn an_artifact_that_is_wrong_leaves_the_original() {
    let (upstream, image) = (Upstream::start(), Image::small(103));
    upstream.image("app", "v1", &image);
    let (_, artifact) = oldest(&upstream, &image);
    list(&upstream, NEW, "referrers", &artifact);
    let path = format!("/manifests/{}", artifact.digest);
    upstream.always("GET", &path, Fault::Lie);
    let mirror = discovering(&upstream, "\"dadi.image.v1\"");
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert!(upstream.count("GET", &path) >= 1);
}
