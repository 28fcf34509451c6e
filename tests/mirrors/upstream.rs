//! An upstream: the registry of the distribution project, with content.

use std::process::Command;

use lazaret_testing::docker_registry::DockerRegistry;
use tempfile::TempDir;

use crate::registry_clients::Content;
use crate::support::tool;

/// A registry with `acme/image:v1` and `library/index:v1`, which is ended when dropped.
pub(super) struct Upstream {
    pub(super) registry: DockerRegistry,
    pub(super) content: Content,
    _folder: TempDir,
}

impl Upstream {
    pub(super) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let registry = DockerRegistry::start(folder.path(), None);
        let content = Content::new();
        for (name, target) in [("image", "acme/image:v1"), ("index", "library/index:v1")] {
            let from = format!("oci:{}:{name}", content.layout().display());
            let to = format!("docker://{}/{target}", registry.address);
            let flags = [
                "--insecure-policy",
                "copy",
                "-q",
                "--all",
                "--preserve-digests",
            ];
            let trust = ["--dest-tls-verify=false", &from, &to];
            tool("skopeo", &[&flags[..], &trust[..]].concat());
        }
        Self {
            registry,
            content,
            _folder: folder,
        }
    }

    /// Keeps it from answering: nobody connects any more.
    pub(super) fn end(&self) {
        self.registry.server().terminate();
        let address = &self.registry.address;
        for _ in 0..200 {
            if std::net::TcpStream::connect(address).is_err() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the upstream does not end");
    }
}

/// Runs a program that sees a folder as `/etc/containers`.
pub(super) fn with_containers(
    folder: &std::path::Path,
    program: &str,
    arguments: &[&str],
) -> String {
    let script = "mount --bind \"$1\" /etc/containers; shift; exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-euc", script, "start"])
        .arg(folder)
        .arg(program)
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}
