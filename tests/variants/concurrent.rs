//! Pushes of several processes at once.

use std::process::Child;

use lazaret_testing::http::Request;

use super::oras::index;
use super::port::{Port, Store};

const SELECTORS: [[&str; 3]; 8] = [
    ["x86_64", "firecracker", "standard"],
    ["x86_64", "firecracker", "pvm"],
    ["aarch64", "firecracker", "standard"],
    ["x86_64", "cloud-hypervisor", "standard"],
    ["aarch64", "cloud-hypervisor", "standard"],
    ["x86_64", "qemu", "standard"],
    ["aarch64", "qemu", "standard"],
    ["aarch64", "avf", "standard"],
];

/// Eight variants pushed at once: every one has its tag, and the index has exactly these tags.
#[test]
fn the_index_agrees_with_the_tags_of_pushes_at_once() {
    let port = Port::new(Store::Registry);
    for turn in 0..2 {
        let push = |[architecture, substrate, mode]: [&str; 3]| -> Child {
            let path = format!("artifacts/kernel/demo/{architecture}/{substrate}/{mode}/vmlinux");
            port.world
                .write(&path, format!("{architecture} {substrate} {mode} {turn}"));
            let mut command = port.lazaret().command([
                "artifacts",
                "push",
                "--artifact",
                "demo-kernel",
                "--architecture",
                architecture,
                "--substrate",
                substrate,
                "--protection-mode",
                mode,
            ]);
            command.spawn().unwrap()
        };
        let running: Vec<Child> = SELECTORS.into_iter().map(push).collect();
        for mut process in running {
            assert!(process.wait().unwrap().success());
        }
        let index = index(&port);
        let mut listed: Vec<String> = index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["digest"].as_str().unwrap().to_owned())
            .collect();
        let mut tagged: Vec<String> = SELECTORS
            .iter()
            .map(|[architecture, substrate, mode]| {
                let tag = format!("v1-{architecture}-{substrate}-{mode}");
                let path = format!("/v2/port/demo-kernel/manifests/{tag}");
                let reply = Request::new("HEAD", &path)
                    .header("Accept", "application/vnd.oci.image.manifest.v1+json")
                    .send(port.address.unwrap())
                    .unwrap();
                reply.header("docker-content-digest").unwrap().to_owned()
            })
            .collect();
        listed.sort();
        tagged.sort();
        assert_eq!(listed, tagged, "turn {turn}");
    }
}
