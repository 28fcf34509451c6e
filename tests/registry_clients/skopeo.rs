//! skopeo: everything, blob by blob.

use std::path::Path;
use std::process::Command;

use super::content::{Content, blob};
use super::registry::Registry;
use super::with_each_scheme;
use crate::support::tool;

#[test]
fn skopeo_pushes_and_pulls() {
    with_each_scheme(&["127.0.0.1:0"], |registry, content| {
        let certificates = registry.certificates();
        let certificates = certificates.to_str().unwrap();
        for (name, digest) in content.all() {
            let remote = format!("docker://{}/acme/{name}:v1", registry.address);
            let layout = |folder: &Path| format!("oci:{}:{name}", folder.display());
            let back = registry.path(name);
            copy(
                registry,
                &layout(content.layout()),
                &remote,
                ["--dest-cert-dir", certificates],
            );
            copy(
                registry,
                &remote,
                &layout(&back),
                ["--src-cert-dir", certificates],
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

fn copy(registry: &Registry, from: &str, to: &str, certificates: [&str; 2]) {
    let mut arguments = vec![
        "--insecure-policy",
        "copy",
        "-q",
        "--all",
        "--preserve-digests",
    ];
    arguments.extend(certificates);
    let credentials = registry
        .login
        .as_ref()
        .map(|(user, password)| format!("{user}:{password}"));
    let flag = certificates[0].replace("cert-dir", "creds");
    if let Some(credentials) = &credentials {
        arguments.extend([&flag, credentials.as_str()]);
    }
    arguments.extend([from, to]);
    tool("skopeo", &arguments);
}

/// Whether somebody without any credential gets an answer.
fn answers_strangers(registry: &Registry) -> bool {
    let remote = format!("docker://{}/acme/image:v1", registry.address);
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

/// What came back is what was sent. The client verified each digest on the way.
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
