//! Artifacts of the PyPI library oras, and ours read by it.

use std::process::Command;

use lazaret_testing::http::Request;
use lazaret_testing::program::finish;

use super::port::{Port, STANDARD, Store};
use crate::registry_clients::python_clients;

/// Pushes as `oras push REF PATH:TYPE` does: the title is the path.
const PUSH: &str = r#"
import sys, oras.client, pathlib
address, tag, path, kind = sys.argv[1:5]
client = oras.client.OrasClient(hostname=address, insecure=True)
pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
pathlib.Path(path).write_bytes(b"of oras")
pushed = client.push(target=f"{address}/port/demo-kernel:{tag}", files=[f"{path}:{kind}"], disable_path_validation=True)
assert pushed.status_code == 201, pushed.text
"#;

const PULL: &str = r#"
import sys, oras.client, pathlib
address, repository, tag = sys.argv[1:4]
client = oras.client.OrasClient(hostname=address, insecure=True)
target = f"{address}/{repository}:{tag}"
manifest = client.get_manifest(target)
files = client.pull(target=target, outdir="pulled")
for file in sorted(files):
    print(pathlib.Path(file).resolve().relative_to(pathlib.Path("pulled").resolve()), pathlib.Path(file).read_text())
print(manifest["artifactType"], manifest["layers"][0]["mediaType"])
"#;

fn python(port: &Port, script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(python_clients().join("bin/python3"));
    command.args(["-c", script]).args(arguments);
    command
        .current_dir(port.world.path(""))
        .env("HOME", port.world.path(""));
    finish(command).success().stdout
}

#[test]
fn what_oras_pushed_is_pulled() {
    let port = Port::new(Store::Registry);
    let registry = port.registry();
    let kind = "application/vnd.port.kernel.v1+binary";
    // The title is the path of whoever pushed; it never decides where anything is written.
    for (path, kind) in [
        (
            "artifacts/kernel/demo/x86_64/firecracker/standard/vmlinux",
            kind,
        ),
        ("elsewhere/whatever", kind),
        ("elsewhere/vmlinux", "application/octet-stream"),
    ] {
        let tag = "v1-x86_64-firecracker-standard";
        python(&port, PUSH, &[&registry, tag, path, kind]);
        let _ = std::fs::remove_file(port.local("kernel", "standard"));
        port.artifacts("pull", "demo-kernel", &STANDARD).success();
        let bytes = std::fs::read(port.local("kernel", "standard")).unwrap();
        assert_eq!(bytes, b"of oras", "{path}");
    }
}

#[test]
fn oras_pulls_what_we_pushed_to_the_path_of_port() {
    let port = Port::new(Store::Registry);
    let registry = port.registry();
    port.write_local("guest", "standard", b"a disk");
    let initrd = port
        .local("guest", "standard")
        .with_file_name("initrd.cpio.gz");
    std::fs::write(initrd, "modules").unwrap();
    port.artifacts("push", "demo-guest", &STANDARD).success();
    let tag = "v1-x86_64-firecracker-standard";
    let pulled = python(&port, PULL, &[&registry, "port/demo-guest", tag]);
    let folder = "artifacts/guest/demo/x86_64/firecracker/standard";
    assert_eq!(
        pulled,
        format!(
            "{folder}/initrd.cpio.gz modules\n{folder}/rootfs.ext4 a disk\n\
             application/vnd.lazaret.guest-image.v1 application/vnd.port.guest-image.v1+binary\n"
        )
    );
}

/// The index of the variants that a registry has, by its JSON.
pub(super) fn index(port: &Port) -> serde_json::Value {
    let reply = Request::new("GET", "/v2/port/demo-kernel/manifests/v1")
        .header("Accept", "application/vnd.oci.image.index.v1+json")
        .send(port.address.unwrap());
    let reply = reply.unwrap();
    assert_eq!(reply.status, 200);
    reply.json()
}

#[test]
fn the_index_selects_by_platform_and_annotations() {
    let port = Port::new(Store::Registry);
    for (mode, selector) in [
        ("pvm", &super::port::PROTECTED[..]),
        ("standard", &STANDARD),
    ] {
        port.write_local("kernel", mode, mode.as_bytes());
        port.artifacts("push", "demo-kernel", selector).success();
    }
    let index = index(&port);
    assert_eq!(index["artifactType"], "application/vnd.lazaret.kernel.v1");
    let modes: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["annotations"]["dev.lazaret.protection-mode"])
        .collect();
    assert_eq!(modes, ["standard", "pvm"]);
    assert_eq!(index["manifests"][0]["platform"]["architecture"], "amd64");
}
