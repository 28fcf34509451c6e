//! Content is passed on byte for byte.

use lazaret_oci::Algorithm;
use serde_json::json;

use crate::harness::{
    Image, MIB, Served, Stored, Upstream, blob_path, manifest_of, manifest_path, noise, tag_path,
};

const CODINGS: (&str, &str) = ("Accept-Encoding", "zstd, gzip, br");

#[test]
fn content_has_no_coding_although_its_client_would_take_one() {
    let upstream = Upstream::start();
    // Everything here could be made much shorter.
    let image = Image::with(80, Stored::layer(vec![b'a'; 700_000]));
    upstream.image("app", "v1", &image);
    let mirror = Served::of(&upstream);
    let layer = &image.layers[0][0];
    for _ in 0..2 {
        for (path, bytes) in [
            (tag_path("app", "v1"), &image.index.bytes),
            (
                manifest_path("app", &image.manifests[0]),
                &image.manifests[0].bytes,
            ),
            (blob_path("app", layer), &layer.bytes),
        ] {
            let answer = mirror.ask("GET", &path, &[CODINGS]).is(200).has(bytes);
            assert_eq!(answer.header("content-encoding"), None);
        }
    }
    for seen in upstream.seen() {
        assert_eq!(seen.header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn sha512_content_is_mirrored_by_its_digest() {
    let upstream = Upstream::start();
    let kind = "application/vnd.oci.image.layer.v1.tar";
    let layer = Stored::with(Algorithm::Sha512, kind, noise(81, 900_000));
    let config = Stored::with(
        Algorithm::Sha512,
        "application/vnd.oci.image.config.v1+json",
        b"{}".to_vec(),
    );
    let document = manifest_of(&config, std::slice::from_ref(&layer), json!({}));
    let manifest = Stored::with(
        Algorithm::Sha512,
        &document.media_type,
        document.bytes.to_vec(),
    );
    upstream
        .manifest("app", &manifest)
        .blob("app", &layer)
        .blob("app", &config);
    let mirror = Served::of(&upstream);
    for _ in 0..2 {
        let answer = mirror
            .get(&manifest_path("app", &manifest))
            .is(200)
            .has(&manifest.bytes);
        let digest = manifest.digest.to_string();
        assert!(digest.starts_with("sha512:"));
        assert_eq!(answer.header("docker-content-digest"), Some(&digest[..]));
        mirror
            .get(&blob_path("app", &layer))
            .is(200)
            .has(&layer.bytes);
        mirror
            .get(&blob_path("app", &config))
            .is(200)
            .has(&config.bytes);
    }
    assert_eq!(upstream.calls(), 3, "{:?}", upstream.log());
}

#[test]
fn a_sha512_blob_with_other_bytes_is_not_served() {
    let upstream = Upstream::start();
    let layer = Stored::with(Algorithm::Sha512, "x/y", noise(82, 40_000));
    upstream.blob("app", &layer);
    upstream.always("GET", "/blobs/", crate::harness::Fault::Lie);
    let mirror = Served::of(&upstream);
    mirror.get(&blob_path("app", &layer)).is(502);
}

#[test]
fn a_manifest_of_4_mib_is_mirrored() {
    let upstream = Upstream::start();
    let config = Stored::new("application/vnd.oci.image.config.v1+json", b"{}".to_vec());
    let layer = Stored::layer(noise(83, 1000));
    let layers = std::slice::from_ref(&layer);
    let bare = manifest_of(&config, layers, json!({ "annotations": { "pad": "" } }));
    let rest = usize::try_from(4 * MIB - bare.size()).unwrap();
    let more = json!({ "annotations": { "pad": "x".repeat(rest) } });
    let manifest = manifest_of(&config, layers, more);
    assert_eq!(manifest.size(), 4 * MIB);
    upstream.tag("app", "v1", &manifest);
    let mirror = Served::of(&upstream);
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&manifest.bytes);
    mirror
        .get(&manifest_path("app", &manifest))
        .is(200)
        .has(&manifest.bytes);
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
}

#[test]
fn docker_media_types_stay_what_they_are() {
    let upstream = Upstream::start();
    let kind = |name: &str| format!("application/vnd.docker.{name}");
    let config = Stored::new(&kind("container.image.v1+json"), b"{}".to_vec());
    let layer = Stored::new(&kind("image.rootfs.diff.tar.gzip"), noise(84, 5000));
    // Written as Docker does, which is not how anybody else would.
    let text = format!(
        "{{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"{}\",\n   \"config\": {},\n   \"layers\": [\n      {}\n   ]\n}}",
        kind("distribution.manifest.v2+json"),
        config.descriptor(),
        layer.descriptor()
    );
    let manifest = Stored::new(&kind("distribution.manifest.v2+json"), text.into_bytes());
    let mut entry = manifest.descriptor();
    entry["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let list = json!({
        "schemaVersion": 2,
        "mediaType": kind("distribution.manifest.list.v2+json"),
        "manifests": [entry],
    });
    let list = Stored::new(
        &kind("distribution.manifest.list.v2+json"),
        list.to_string().into_bytes(),
    );
    upstream.tag("app", "v1", &list).manifest("app", &manifest);
    upstream.blob("app", &config).blob("app", &layer);
    let mirror = Served::of(&upstream);
    for _ in 0..2 {
        for (path, content) in [
            (tag_path("app", "v1"), &list),
            (manifest_path("app", &manifest), &manifest),
        ] {
            let answer = mirror.get(&path).is(200).has(&content.bytes);
            assert_eq!(answer.header("content-type"), Some(&content.media_type[..]));
        }
        mirror
            .get(&blob_path("app", &config))
            .is(200)
            .has(&config.bytes);
        mirror
            .get(&blob_path("app", &layer))
            .is(200)
            .has(&layer.bytes);
    }
    assert_eq!(upstream.calls(), 4, "{:?}", upstream.log());
}
