//! Tests with skopeo. They fail where it is not installed.

use std::path::Path;
use std::process::Command;

use lazaret_oci::{Descriptor, Digest, media_type};
use serde_json::json;

use crate::support::{Served, served};

#[test]
fn skopeo_copies_a_layout_in_and_out() {
    let (_parent, served) = served();
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("in"), folder.path().join("out"));
    let manifest = write_layout(&source);
    let remote = remote(&served, "acme/skopeo:v1");
    skopeo(&[
        "copy",
        "--preserve-digests",
        "--dest-tls-verify=false",
        &layout(&source),
        &remote,
    ]);
    let reply = served.get("/v2/acme/skopeo/manifests/v1");
    let digest = Digest::of(&manifest).to_string();
    assert_eq!(reply.header("docker-content-digest"), Some(digest.as_str()));
    skopeo(&[
        "copy",
        "--preserve-digests",
        "--src-tls-verify=false",
        &remote,
        &layout(&target),
    ]);
    let index = std::fs::read(target.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(index["manifests"][0]["digest"], digest);

    let output = skopeo(&["inspect", "--tls-verify=false", "--raw", &remote]);
    assert_eq!(output, manifest);
    let output = skopeo(&[
        "list-tags",
        "--tls-verify=false",
        &self::remote(&served, "acme/skopeo"),
    ]);
    let tags: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(tags["Tags"], json!(["v1"]));
    // A second repository gets the blobs by a mount or another upload; the digest stays the same.
    let other = self::remote(&served, "acme/other:v2");
    skopeo(&[
        "copy",
        "--preserve-digests",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &remote,
        &other,
    ]);
    let reply = served.get("/v2/acme/other/manifests/v2");
    assert_eq!(reply.header("docker-content-digest"), Some(digest.as_str()));
    skopeo(&["delete", "--tls-verify=false", &other]);
    served
        .get("/v2/acme/other/manifests/v2")
        .is_error(404, "MANIFEST_UNKNOWN");
}

fn remote(served: &Served, name: &str) -> String {
    format!("docker://{}/{name}", served.address)
}

fn layout(path: &Path) -> String {
    format!("oci:{}:v1", path.display())
}

fn skopeo(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("skopeo")
        .arg("--insecure-policy")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("skopeo cannot be started, is it installed? {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "skopeo {arguments:?}: {stderr}");
    output.stdout
}

/// Writes an OCI layout with one image of two layers; returns the image's manifest.
pub(crate) fn write_layout(root: &Path) -> Vec<u8> {
    let blobs = root.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |kind: &str, bytes: &[u8]| {
        let descriptor = Descriptor::of(kind, bytes);
        std::fs::write(blobs.join(descriptor.digest.hex()), bytes).unwrap();
        descriptor
    };
    let (empty, zeros) = (vec![0; 1024], vec![0; 3 * 1024 * 1024]);
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(&empty), Digest::of(&zeros)]},
    });
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": put(media_type::IMAGE_CONFIG, &serde_json::to_vec(&config).unwrap()),
        "layers": [put(media_type::LAYER, &empty), put(media_type::LAYER, &zeros)],
    }))
    .unwrap();
    let mut entry = put(media_type::MANIFEST, &manifest);
    let name = "org.opencontainers.image.ref.name".to_owned();
    entry.annotations.insert(name, "v1".to_owned());
    let index = json!({"schemaVersion": 2, "manifests": [entry]});
    std::fs::write(root.join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
    std::fs::write(root.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    manifest
}
