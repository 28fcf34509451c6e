//! Repositories whose tags may only point to what a trusted key signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

use crate::harness::{
    Fault, Image, Served, Stored, Upstream, manifest_of, manifest_path, noise, tag_path,
};

const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const REFERRER: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const OVERLAYBD: &str = "application/vnd.containerd.overlaybd.native.v1+json";

fn key() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
}

/// The public key, as `openssl pkey -pubout` writes it (RFC 8410).
fn pem(key: &Ed25519KeyPair) -> String {
    let mut der = vec![
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    der.extend_from_slice(key.public_key().as_ref());
    let text = STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

/// A payload about a manifest, and the manifest with its signature, as `cosign` makes them.
fn signature(key: &Ed25519KeyPair, signed: &Stored) -> (Stored, Stored) {
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": "" },
            "image": { "docker-manifest-digest": signed.digest.to_string() },
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let payload = Stored::new(PAYLOAD, payload.to_string().into_bytes());
    let mut layer = payload.descriptor();
    let bytes = key.sign(&payload.bytes);
    let annotation = "dev.cosignproject.cosign/signature";
    layer["annotations"] = json!({ annotation: STANDARD.encode(bytes.as_ref()) });
    let config = Stored::new(
        "application/vnd.oci.image.config.v1+json",
        b"{\"rootfs\":{}}".to_vec(),
    );
    let fields = json!({
        "artifactType": REFERRER,
        "layers": [layer],
        "subject": signed.descriptor(),
    });
    (payload, manifest_of(&config, &[], fields))
}

fn tag_of(signed: &Stored) -> String {
    signed.digest.to_string().replace(':', "-") + ".sig"
}

/// Signs a manifest under its tag.
fn sign(upstream: &Upstream, key: &Ed25519KeyPair, signed: &Stored) {
    let (payload, manifest) = signature(key, signed);
    upstream.blob("app", &payload);
    upstream.tag("app", &tag_of(signed), &manifest);
}

/// A mirror that demands a key's signature.
fn demanding(upstream: &Upstream, key: &Ed25519KeyPair, more: &str) -> Served {
    let url = upstream.url();
    let settings = format!(
        "[mirror]\nabsent_lifetime = \"0s\"\nplatform = \"linux/amd64\"\n\
         [[rules]]\nrepositories = [\"up/app\"]\nrequired_signature.keys = [\"key.pem\"]\n\
         [[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\nendpoints = [\"{url}\"]\n{more}\n"
    );
    Served::beside(&[("key.pem", &pem(key))], &settings)
}

fn image(upstream: &Upstream, seed: u64) -> Image {
    let image = Image::small(seed);
    upstream.image("app", "v1", &image);
    image
}

#[test]
fn a_signed_image_is_served_and_its_signature_is_fetched_once() {
    let (upstream, key) = (Upstream::start(), key());
    let image = image(&upstream, 111);
    sign(&upstream, &key, &image.index);
    let mirror = demanding(&upstream, &key, "");
    mirror.pull("app", "v1", &image);
    let signatures = upstream.count("*", ".sig");
    assert_eq!(signatures, 1, "{:?}", upstream.log());
    let calls = upstream.calls();
    mirror.pull("app", "v1", &image);
    assert_eq!(upstream.calls(), calls, "{:?}", upstream.log());
}

#[test]
fn an_unsigned_image_is_403_until_it_is_signed() {
    let (upstream, key) = (Upstream::start(), key());
    let image = image(&upstream, 112);
    let mirror = demanding(&upstream, &key, "");
    let path = tag_path("app", "v1");
    let answer = mirror.get(&path).is(403);
    assert_eq!(answer.json()["errors"][0]["code"], "DENIED");
    mirror.head(&path).is(403);
    sign(&upstream, &key, &image.index);
    mirror.get(&path).is(200).has(&image.index.bytes);
}

#[test]
fn a_signature_among_the_referrers_counts() {
    let (upstream, key) = (Upstream::start(), key());
    let image = image(&upstream, 113);
    let (payload, manifest) = signature(&key, &image.index);
    upstream.blob("app", &payload);
    upstream.referrer(
        "app",
        &image.index,
        "application/other",
        &image.manifests[0],
    );
    upstream.referrer("app", &image.index, REFERRER, &manifest);
    let mirror = demanding(&upstream, &key, "");
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
    assert_eq!(upstream.count("GET", &manifest.digest.to_string()), 1);
}

#[test]
fn signatures_of_others_and_of_others_images_are_none() {
    let (upstream, trusted) = (Upstream::start(), key());
    let image = image(&upstream, 114);
    let mirror = demanding(&upstream, &trusted, "");
    let path = tag_path("app", "v1");
    sign(&upstream, &key(), &image.index);
    mirror.get(&path).is(403);
    // The right key, about the manifest of a platform.
    let (payload, manifest) = signature(&trusted, &image.manifests[0]);
    let other = Upstream::start();
    other.image("app", "v1", &image);
    other.blob("app", &payload);
    other.tag("app", &tag_of(&image.index), &manifest);
    let mirror = demanding(&other, &trusted, "");
    mirror.get(&path).is(403);
}

#[test]
fn a_payload_with_other_bytes_is_no_signature() {
    let (upstream, key) = (Upstream::start(), key());
    let image = image(&upstream, 115);
    sign(&upstream, &key, &image.index);
    let (payload, _) = signature(&key, &image.index);
    upstream.always("GET", &payload.digest.to_string(), Fault::Lie);
    let mirror = demanding(&upstream, &key, "");
    let status = mirror.get(&tag_path("app", "v1")).status;
    assert!(matches!(status, 403 | 503), "{status}");
    upstream.heal();
    let path = tag_path("app", "v1");
    crate::harness::until("it is served", || mirror.get(&path).status == 200);
}

#[test]
fn an_upstream_that_does_not_tell_is_503_and_not_403() {
    let (upstream, key) = (Upstream::start(), key());
    let image = image(&upstream, 116);
    sign(&upstream, &key, &image.index);
    upstream.always("*", ".sig", Fault::Status(500));
    let mirror = demanding(&upstream, &key, "");
    mirror.get(&tag_path("app", "v1")).is(503);
    upstream.heal();
    mirror
        .get(&tag_path("app", "v1"))
        .is(200)
        .has(&image.index.bytes);
}

#[test]
fn digests_and_signatures_need_no_signature_and_other_repositories_cost_no_call() {
    let (upstream, key) = (Upstream::start(), key());
    let image = image(&upstream, 117);
    let mirror = demanding(&upstream, &key, "");
    mirror
        .get(&manifest_path("app", &image.index))
        .is(200)
        .has(&image.index.bytes);
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
    sign(&upstream, &key, &image.index);
    mirror.get(&tag_path("app", &tag_of(&image.index))).is(200);
    assert_eq!(upstream.calls(), 2, "{:?}", upstream.log());
    upstream.image("free", "v1", &image);
    mirror.get(&tag_path("free", "v1")).is(200);
    assert_eq!(upstream.calls(), 3, "{:?}", upstream.log());
}

#[test]
fn a_tag_is_swapped_for_a_signed_form_alone() {
    for is_signed in [false, true] {
        let (upstream, key) = (Upstream::start(), key());
        let image = image(&upstream, 118);
        sign(&upstream, &key, &image.index);
        let layer = Stored::layer(noise(118, 1000));
        let mut entry = layer.descriptor();
        entry["annotations"] = json!({
            "containerd.io/snapshot/overlaybd/blob-digest": layer.digest.to_string(),
        });
        let fields = json!({ "layers": [entry], "subject": image.index.descriptor() });
        let form = manifest_of(&image.configs[0], &[], fields);
        upstream.referrer("app", &image.index, OVERLAYBD, &form);
        if is_signed {
            sign(&upstream, &key, &form);
        }
        let mirror = demanding(&upstream, &key, "streamable = [\"overlaybd\"]");
        let wanted = if is_signed { &form } else { &image.index };
        mirror
            .get(&tag_path("app", "v1"))
            .is(200)
            .has(&wanted.bytes);
    }
}
