//! Tests containerd through `ctr`: all content, by digest.

use std::path::PathBuf;

use super::registry::Registry;
use super::with_each_scheme;
use crate::support::{Containerd, tool};

#[test]
fn containerd_pushes_and_pulls() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    with_each_scheme(&["127.0.0.1:0"], |registry, content| {
        let hosts = write_hosts(registry);
        let hosts = hosts.to_str().unwrap();
        let credentials = registry.credentials();
        let remote = |command: &[&str], rest: &[&str]| {
            let mut arguments = command.to_vec();
            arguments.extend(["--hosts-dir", hosts]);
            if let Some(credentials) = &credentials {
                arguments.extend(["--user", credentials]);
            }
            arguments.extend(rest);
            containerd.ctr(&arguments)
        };
        // Names of the imported images: the base, with the tag of the layout.
        let archive = registry.path("archive.tar");
        let archive = archive.to_str().unwrap();
        tool(
            "tar",
            &[
                "-cf",
                archive,
                "-C",
                content.layout().to_str().unwrap(),
                ".",
            ],
        );
        let base = format!("{}/acme/all", registry.address);
        let import = ["images", "import", "--no-unpack", "--all-platforms"];
        containerd.ctr(&[&import[..], &["--base-name", &base, archive]].concat());
        for (name, digest) in content.all() {
            let name = format!("{base}:{name}");
            remote(&["images", "push"], &[&name]);
            assert_eq!(containerd.digest_of(&name), digest.to_string());
        }
        let names = containerd.ctr(&["images", "ls", "-q"]);
        let mut remove = vec!["images", "rm", "--sync"];
        remove.extend(names.lines());
        containerd.ctr(&remove);
        assert_eq!(
            containerd.ctr(&["content", "ls", "-q"]).trim(),
            "",
            "nothing is left"
        );
        for (name, digest) in content.all() {
            let name = format!("{base}:{name}");
            // An artifact is not a file system, so it is fetched but not unpacked.
            remote(&["content", "fetch", "--all-platforms"], &[&name]);
            assert_eq!(containerd.digest_of(&name), digest.to_string());
        }
        let name = format!("{base}:image");
        remote(&["images", "pull", "--snapshotter", "native"], &[&name]);
        let check = containerd.ctr(&["images", "check", "--snapshotter", "native"]);
        let line = check.lines().find(|line| line.starts_with(&name)).unwrap();
        assert!(
            line.contains("complete") && line.ends_with("true"),
            "{check}"
        );
    });
}

fn write_hosts(registry: &Registry) -> PathBuf {
    let hosts = registry.path("hosts");
    let folder = hosts.join(&registry.address);
    std::fs::create_dir_all(&folder).unwrap();
    let certificates = registry.certificates();
    let certificates = certificates.display();
    let host = format!("https://{}", registry.address);
    let mut text =
        format!("server = \"{host}\"\n[host.\"{host}\"]\nca = \"{certificates}/ca.crt\"\n");
    if registry.certificates().join("client.cert").exists() {
        text += &format!(
            "client = [[\"{certificates}/client.cert\", \"{certificates}/client.key\"]]\n"
        );
    }
    std::fs::write(folder.join("hosts.toml"), text).unwrap();
    hosts
}
