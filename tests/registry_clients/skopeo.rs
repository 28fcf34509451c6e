//! Tests skopeo: all content, blob by blob.

use std::path::Path;
use std::process::Command;

use super::content::{Content, blob};
use super::registry::Registry;
use super::with_each_scheme;
use crate::support::tool;

#[test]
fn skopeo_pushes_and_pulls() {
    with_each_scheme(&["127.0.0.1:0"], |registry, content| {
        for (name, digest) in content.all() {
            let back = registry.path(name);
            push(registry, content, name);
            copy(
                registry,
                "src",
                &remote(registry, name),
                &layout(&back, name),
            );
            assert_eq!(
                std::fs::read(blob(&back, digest)).unwrap(),
                std::fs::read(blob(content.layout(), digest)).unwrap()
            );
            assert_same_blobs(content, &back);
        }
        assert_eq!(answers_strangers(registry), registry.is_open());
    });
}

/// Pushes one image, index or artifact of the content to `acme/NAME:v1`.
pub(super) fn push(registry: &Registry, content: &Content, name: &str) {
    let source = layout(content.layout(), name);
    copy(registry, "dest", &source, &remote(registry, name));
}

fn remote(registry: &Registry, name: &str) -> String {
    format!("docker://{}/acme/{name}:v1", registry.address)
}

fn layout(folder: &Path, name: &str) -> String {
    format!("oci:{}:{name}", folder.display())
}

/// Copies between a layout and the registry, which is the side `src` or `dest`.
fn copy(registry: &Registry, side: &str, from: &str, to: &str) {
    let (trust, credentials) = (format!("--{side}-cert-dir"), format!("--{side}-creds"));
    let certificates = registry.certificates();
    let mut arguments = vec![
        "--insecure-policy",
        "copy",
        "-q",
        "--all",
        "--preserve-digests",
    ];
    arguments.extend([&trust, certificates.to_str().unwrap()]);
    let login = registry.credentials();
    if let Some(login) = &login {
        arguments.extend([credentials.as_str(), login]);
    }
    arguments.extend([from, to]);
    tool("skopeo", &arguments);
}

/// Whether a client without credentials gets content.
fn answers_strangers(registry: &Registry) -> bool {
    let remote = remote(registry, "image");
    let output = Command::new("skopeo")
        .args([
            "inspect",
            "--raw",
            "--no-creds",
            "--tls-verify=false",
            &remote,
        ])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let is_refused = error.contains("unauthorized") || error.contains("authentication required");
    assert!(output.status.success() || is_refused, "{error}");
    output.status.success()
}

/// Checks that the pulled blobs are the pushed ones. The client has verified each digest.
fn assert_same_blobs(content: &Content, back: &Path) {
    let blobs = std::fs::read_dir(back.join("blobs/sha256")).unwrap();
    let mut count = 0;
    for entry in blobs {
        let entry = entry.unwrap();
        let original = content
            .layout()
            .join("blobs/sha256")
            .join(entry.file_name());
        let original = std::fs::metadata(&original).unwrap();
        assert_eq!(entry.metadata().unwrap().len(), original.len());
        count += 1;
    }
    assert!(count >= 3, "manifest, configuration, content: {count}");
}
