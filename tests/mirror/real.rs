//! The registry of the distribution project as the upstream, behind a proxy that counts.

use lazaret_testing::docker_registry::DockerRegistry;
use lazaret_testing::http::Request;

use crate::harness::{Fault, Image, Proxy, Served, Stored, blob_path, tag_path};

/// Pushes content with two requests.
fn push_blob(registry: &DockerRegistry, repository: &str, blob: &Stored) {
    let address = registry.address.parse().unwrap();
    let begun = Request::new("POST", &format!("/v2/{repository}/blobs/uploads/"))
        .send(address)
        .unwrap();
    let location = begun.header("location").unwrap();
    let path = location.split_once("/v2/").unwrap().1;
    let path = format!("/v2/{path}&digest={}", blob.digest);
    let done = Request::new("PUT", &path)
        .header("Content-Type", "application/octet-stream")
        .body(&blob.bytes)
        .send(address)
        .unwrap();
    assert_eq!(done.status, 201, "{done:?}");
}

fn push_manifest(registry: &DockerRegistry, repository: &str, name: &str, manifest: &Stored) {
    let done = Request::new("PUT", &format!("/v2/{repository}/manifests/{name}"))
        .header("Content-Type", &manifest.media_type)
        .body(&manifest.bytes)
        .send(registry.address.parse().unwrap())
        .unwrap();
    assert_eq!(done.status, 201, "{done:?}");
}

fn push(registry: &DockerRegistry, repository: &str, tag: &str, image: &Image) {
    for blob in image.configs.iter().chain(image.layers.iter().flatten()) {
        push_blob(registry, repository, blob);
    }
    for manifest in &image.manifests {
        push_manifest(registry, repository, &manifest.digest.to_string(), manifest);
    }
    push_manifest(registry, repository, tag, &image.index);
}

fn mirror_of(proxy: &Proxy) -> Served {
    let url = proxy.url();
    Served::start(&format!(
        "[mirror]\ntag_lifetime = \"0s\"\n[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\n\
         endpoints = [\"{url}\"]\n"
    ))
}

#[test]
fn a_cold_image_of_a_real_registry_is_five_calls_and_a_warm_one_a_head() {
    let folder = tempfile::tempdir().unwrap();
    let registry = DockerRegistry::start(folder.path(), None);
    let image = Image::small(160);
    push(&registry, "team/app", "v1", &image);
    let proxy = Proxy::to(&registry.address);
    let mirror = mirror_of(&proxy);
    mirror.pull("team/app", "v1", &image);
    assert_eq!(proxy.log().len(), 5, "{:?}", proxy.log());
    mirror.settle();
    mirror.pull("team/app", "v1", &image);
    assert_eq!(proxy.log()[5..], ["HEAD /v2/team/app/manifests/v1"]);
}

#[test]
fn ranges_sizes_and_listings_of_a_real_registry_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let registry = DockerRegistry::start(folder.path(), None);
    let image = Image::small(161);
    push(&registry, "team/app", "v1", &image);
    push_manifest(&registry, "team/app", "v2", &image.index);
    let proxy = Proxy::to(&registry.address);
    let mirror = mirror_of(&proxy);
    let layer = &image.layers[0][0];
    let path = blob_path("team/app", layer);
    let head = mirror.head(&path).is(200);
    assert_eq!(head.header("content-length"), Some("300000"));
    let part = mirror.range(&path, "bytes=100-199").is(206);
    part.has(&layer.bytes[100..200]);
    let tags = mirror.get("/v2/up/team/app/tags/list").is(200).json();
    assert_eq!(tags["tags"], serde_json::json!(["v1", "v2"]));
    // Debian's version knows no referrers.
    let referrers = format!("/v2/up/team/app/referrers/{}", image.index.digest);
    let list = mirror.get(&referrers).is(200).json();
    assert_eq!(list["manifests"], serde_json::json!([]));
    mirror.get(&tag_path("team/app", "none")).is(404);
}

#[test]
fn a_mirror_of_a_mirror_is_a_mirror() {
    let (upstream, image) = (crate::harness::Upstream::start(), Image::small(162));
    upstream.image("app", "v1", &image);
    let near = Served::of(&upstream);
    let proxy = Proxy::to(&near.address().to_string());
    let url = format!("{}/up", proxy.url());
    let far = Served::start(&format!(
        "[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\nendpoints = [\"{url}\"]\n"
    ));
    far.pull("app", "v1", &image);
    far.settle();
    far.pull("app", "v1", &image);
    assert_eq!(upstream.calls(), 5, "{:?}", upstream.log());
    assert_eq!(proxy.log().len(), 5, "{:?}", proxy.log());
    upstream.always("*", "", Fault::Status(500));
    far.pull("app", "v1", &image);
}
