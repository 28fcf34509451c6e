//! Tags that are swapped for a streamable form.

use serde_json::{Value, json};

use crate::harness::{
    Answer, Fault, Image, Served, Stored, Upstream, index_of, manifest_of, manifest_path, noise,
    tag_path,
};

const OVERLAYBD: &str = "application/vnd.containerd.overlaybd.native.v1+json";
const TURBO: &str = "application/vnd.containerd.overlaybd.turbo.v1+json";
const ACR: &str = "application/vnd.azure.artifact.streaming.v1";
const LINK: &str = "application/vnd.azure.artifact.streaming.link.v1";
const NYDUS: &str = "application/vnd.nydus.image.manifest.v1+json";

/// A mirror that swaps tags for images of linux/amd64.
fn swapping(upstream: &Upstream, forms: &str) -> Served {
    let more = format!("streamable = [{forms}]");
    Served::with(
        upstream,
        "platform = \"linux/amd64\"\npatience = \"2s\"",
        &more,
    )
}

/// A manifest whose layers have these annotations, and that refers to another.
fn streamable(seed: u64, subject: Option<&Stored>, layers: &[Value], more: Value) -> Stored {
    let config = Stored::new(
        "application/vnd.oci.image.config.v1+json",
        format!("{{\"seed\":{seed}}}").into_bytes(),
    );
    let entries: Vec<Value> = layers
        .iter()
        .enumerate()
        .map(|(number, annotations)| {
            let layer = Stored::layer(noise(seed * 10 + number as u64, 500));
            let mut entry = layer.descriptor();
            if let Some(kind) = annotations.get("mediaType") {
                entry["mediaType"] = kind.clone();
            }
            entry["annotations"] = annotations.clone();
            entry["annotations"]
                .as_object_mut()
                .unwrap()
                .remove("mediaType");
            entry
        })
        .collect();
    let mut fields = json!({ "layers": entries });
    if let Some(subject) = subject {
        fields["subject"] = subject.descriptor();
    }
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    manifest_of(&config, &[], fields)
}

fn overlaybd(seed: u64, subject: &Stored) -> Stored {
    let layer = json!({
        "containerd.io/snapshot/overlaybd/blob-digest": "sha256:1",
        "containerd.io/snapshot/overlaybd/blob-size": "1",
    });
    streamable(
        seed,
        Some(subject),
        &[layer],
        json!({ "artifactType": OVERLAYBD }),
    )
}

/// Asserts that `GET` and `HEAD` of the tag give this manifest.
#[track_caller]
fn gives(mirror: &Served, manifest: &Stored) {
    let path = tag_path("app", "v1");
    let (get, head) = (mirror.get(&path).is(200), mirror.head(&path).is(200));
    let named = |answer: &Answer| {
        let header = |name: &str| answer.header(name).unwrap().to_owned();
        [
            header("docker-content-digest"),
            header("content-type"),
            header("content-length"),
        ]
    };
    let wanted = [
        manifest.digest.to_string(),
        manifest.media_type.clone(),
        manifest.size().to_string(),
    ];
    assert_eq!(named(&get), wanted);
    assert_eq!(named(&head), wanted);
    get.has(&manifest.bytes);
}

/// An upstream with an image.
fn upstream(seed: u64) -> (Upstream, Image) {
    let (upstream, image) = (Upstream::start(), Image::small(seed));
    upstream.image("app", "v1", &image);
    (upstream, image)
}

#[test]
fn a_tag_is_swapped_for_the_referrer_of_its_index_and_its_digest_is_not() {
    let (upstream, image) = upstream(140);
    let stream = overlaybd(140, &image.index);
    upstream.referrer("app", &image.index, OVERLAYBD, &stream);
    let mirror = swapping(&upstream, "\"overlaybd\"");
    gives(&mirror, &stream);
    // Who pins content gets that content.
    let answer = mirror.get(&manifest_path("app", &image.index)).is(200);
    answer.has(&image.index.bytes);
    mirror
        .get(&manifest_path("app", &image.manifests[0]))
        .is(200);
    let calls = upstream.calls();
    gives(&mirror, &stream);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn a_tag_is_swapped_for_the_referrer_of_the_manifest_of_its_platform() {
    let (upstream, image) = upstream(141);
    let stream = overlaybd(141, &image.manifests[0]);
    let other = overlaybd(142, &image.manifests[1]);
    upstream.referrer("app", &image.manifests[0], OVERLAYBD, &stream);
    upstream.referrer("app", &image.manifests[1], OVERLAYBD, &other);
    let mirror = swapping(&upstream, "\"overlaybd\"");
    gives(&mirror, &stream);
}

#[test]
fn a_tag_is_swapped_for_the_first_form_that_is_there() {
    let (upstream, image) = upstream(143);
    let turbo = streamable(
        143,
        Some(&image.index),
        &[json!({ "containerd.io/snapshot/overlaybd/turbo-oci/target-digest": "sha256:1" })],
        json!({ "artifactType": TURBO }),
    );
    upstream.referrer("app", &image.index, TURBO, &turbo);
    gives(&swapping(&upstream, "\"overlaybd\", \"turbo\""), &turbo);
    let native = overlaybd(144, &image.index);
    upstream.referrer("app", &image.index, OVERLAYBD, &native);
    gives(&swapping(&upstream, "\"overlaybd\", \"turbo\""), &native);
    gives(&swapping(&upstream, "\"turbo\", \"overlaybd\""), &turbo);
    gives(&swapping(&upstream, "\"acr\""), &image.index);
    gives(&Served::of(&upstream), &image.index);
}

#[test]
fn a_link_of_acr_is_followed_to_its_image() {
    let (upstream, image) = upstream(145);
    let stream = overlaybd(145, &image.index);
    upstream.manifest("app", &stream);
    let mut link = Stored::new("x/y", b"{}".to_vec()).descriptor();
    link["artifactType"] = json!(LINK);
    link["annotations"] = json!({
        "streaming.mediaType": stream.media_type,
        "streaming.digest": stream.digest.to_string(),
        "streaming.size": stream.size().to_string(),
        "streaming.platform.os": "linux",
        "streaming.platform.arch": "amd64",
    });
    upstream.listed("app", &image.index, link);
    gives(&swapping(&upstream, "\"acr\""), &stream);
}

#[test]
fn a_nydus_image_of_the_platform_is_found_in_the_index() {
    let upstream = Upstream::start();
    let image = Image::small(146);
    let layers = [
        json!({ "mediaType": "application/vnd.oci.image.layer.nydus.blob.v1" }),
        json!({ "containerd.io/snapshot/nydus-bootstrap": "true" }),
    ];
    let stream = streamable(146, None, &layers, json!({}));
    let mut entry = stream.descriptor();
    entry["artifactType"] = json!(NYDUS);
    entry["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let mut plain = image.manifests[0].descriptor();
    plain["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let index = index_of(&[plain, entry]);
    upstream.tag("app", "v1", &index).manifest("app", &stream);
    gives(&swapping(&upstream, "\"nydus\""), &stream);
    gives(&swapping(&upstream, "\"overlaybd\""), &index);
}

#[test]
fn a_form_for_another_platform_leaves_the_original() {
    let (upstream, image) = upstream(147);
    let stream = overlaybd(147, &image.index);
    upstream.manifest("app", &stream);
    let mut entry = stream.descriptor();
    entry["artifactType"] = json!(ACR);
    entry["annotations"] =
        json!({ "streaming.platform.os": "linux", "streaming.platform.arch": "arm64" });
    upstream.listed("app", &image.index, entry);
    gives(&swapping(&upstream, "\"acr\""), &image.index);
}

#[test]
fn a_form_of_another_shape_leaves_the_original() {
    let (upstream, image) = upstream(148);
    // One layer is as everybody else's.
    let layers = [
        json!({ "containerd.io/snapshot/overlaybd/blob-digest": "sha256:1" }),
        json!({}),
    ];
    let odd = streamable(
        148,
        Some(&image.index),
        &layers,
        json!({ "artifactType": OVERLAYBD }),
    );
    upstream.referrer("app", &image.index, OVERLAYBD, &odd);
    let index = index_of(&[image.manifests[0].descriptor()]);
    upstream.referrer("app", &image.index, OVERLAYBD, &index);
    gives(&swapping(&upstream, "\"overlaybd\""), &image.index);
}

#[test]
fn a_form_that_is_gone_leaves_the_original() {
    let (upstream, image) = upstream(149);
    let gone = overlaybd(149, &image.index);
    let mut entry = gone.descriptor();
    entry["artifactType"] = json!(OVERLAYBD);
    upstream.listed("app", &image.index, entry);
    gives(&swapping(&upstream, "\"overlaybd\""), &image.index);
}

#[test]
fn an_upstream_that_lists_no_referrers_leaves_the_original() {
    for fault in [Fault::Status(500), Fault::Silence] {
        let (upstream, image) = upstream(150);
        upstream.always("*", "/referrers/", fault);
        let mirror = swapping(&upstream, "\"overlaybd\"");
        let started = std::time::Instant::now();
        let answer = mirror.get(&tag_path("app", "v1")).is(200);
        answer.has(&image.index.bytes);
        assert!(started.elapsed() < std::time::Duration::from_secs(6));
    }
}

#[test]
fn a_form_whose_bytes_are_wrong_leaves_the_original() {
    let (upstream, image) = upstream(151);
    let stream = overlaybd(151, &image.index);
    upstream.referrer("app", &image.index, OVERLAYBD, &stream);
    upstream.always("GET", &stream.digest.to_string(), Fault::Lie);
    gives(&swapping(&upstream, "\"overlaybd\""), &image.index);
}
