//! Podman, Buildah and skopeo, which share their code for registries.

use std::path::PathBuf;

use super::faulty::{FAULTS, Fault, Faulty};
use super::place::Place;
use super::upstream::{Upstream, with_containers};
use crate::support::tool;

const IMAGE: &str = "upstream.test/acme/image";
const INDEX: &str = "docker.io/library/index";

const PROGRAMS: [&str; 3] = ["podman", "buildah", "skopeo"];

/// The programs with what `mirror install` wrote for them.
struct Programs<'a> {
    place: &'a Place,
    /// What they see as `/etc/containers`.
    folder: PathBuf,
}

impl<'a> Programs<'a> {
    /// `None` when this process cannot show them other contents of a folder.
    fn installed(place: &'a Place) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: other contents of /etc need root");
            return None;
        }
        let folder = place.world.path("node/etc/containers");
        std::fs::create_dir_all(&folder).unwrap();
        tool("cp", &["-rT", "/etc/containers", folder.to_str().unwrap()]);
        place.install("--podman");
        Some(Self { place, folder })
    }

    /// Pulls into an empty storage, and returns the digest.
    fn pull(&self, program: &str, name: &str) -> String {
        let storage = self.place.world.path("storage");
        let path = |name: &str| storage.join(name).to_str().unwrap().to_owned();
        std::fs::create_dir_all(&storage).unwrap();
        let digest = if program == "skopeo" {
            let (file, target) = (path("digest"), format!("oci:{}:copy", path("copy")));
            let source = format!("docker://{name}");
            let flags = ["--insecure-policy", "copy", "-q", "--all"];
            let kept = ["--preserve-digests", "--digestfile", &file];
            let all = [&flags[..], &kept, &[&source, &target]].concat();
            with_containers(&self.folder, program, &all);
            std::fs::read_to_string(file).unwrap()
        } else {
            let (root, run, tmp) = (path("root"), path("run"), path("tmp"));
            let mut flags = vec!["--root", &root, "--runroot", &run];
            flags.extend(["--storage-driver", "vfs"]);
            if program == "podman" {
                flags.extend(["--tmpdir", &tmp]);
            }
            let run = |rest: &[&str]| {
                with_containers(&self.folder, program, &[&flags[..], rest].concat())
            };
            run(&["pull", "-q", name]);
            match program {
                "podman" => run(&["image", "inspect", "--format", "{{.Digest}}", name]),
                _ => run(&[
                    "inspect",
                    "--type",
                    "image",
                    "--format",
                    "{{.FromImageDigest}}",
                    name,
                ]),
            }
        };
        std::fs::remove_dir_all(&storage).unwrap();
        digest.trim().to_owned()
    }

    /// What they fall back to for `docker.io`.
    fn fall_back_to(&self, address: &str) {
        let folder = self.folder.join("registries.conf.d");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let hub = "location = \"docker.io\"\n";
            let text = text.replace(hub, &format!("location = \"{address}\"\ninsecure = true\n"));
            std::fs::write(&path, text).unwrap();
        }
    }
}

#[test]
fn podman_buildah_and_skopeo_pull_through_the_mirror_and_from_it_alone() {
    let upstream = Upstream::start();
    let place = Place::start(&upstream.registry.address, "mirror.tag_lifetime = \"0s\"");
    let Some(programs) = Programs::installed(&place) else {
        return;
    };
    for round in 0..2 {
        for program in PROGRAMS {
            let digest = programs.pull(program, &format!("{IMAGE}:v1"));
            assert_eq!(digest, upstream.content.image.to_string(), "{program}");
            programs.pull(program, &format!("{INDEX}:v1"));
        }
        if round == 0 {
            upstream.end();
        }
    }
}

#[test]
fn podman_buildah_and_skopeo_are_served_from_the_cache_whatever_the_upstream_does() {
    let upstream = Upstream::start();
    let faulty = Faulty::before(&upstream.registry.address);
    let place = Place::start(
        &faulty.address,
        "mirror.tag_lifetime = \"0s\"\nmirror.absent_lifetime = \"0s\"\nmirror.patience = \"2s\"",
    );
    let Some(programs) = Programs::installed(&place) else {
        return;
    };
    let kept = format!("{IMAGE}:v1");
    let digest = upstream.content.image.to_string();
    for program in PROGRAMS {
        for fault in FAULTS {
            faulty.fail(Fault::None);
            programs.pull("skopeo", &kept);
            faulty.fail(fault);
            // A tag of which the upstream says that it is gone is gone; its digest is kept.
            let name = match fault {
                Fault::Status(404) => format!("{IMAGE}@{digest}"),
                _ => kept.clone(),
            };
            assert_eq!(programs.pull(program, &name), digest, "{program} {fault:?}");
        }
    }
    // What is not kept comes from the upstream itself, if the client is told of it.
    programs.fall_back_to(&upstream.registry.address);
    let faults = [
        Fault::Status(401),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Silent,
    ];
    for program in PROGRAMS {
        for fault in faults {
            faulty.fail(fault);
            programs.pull(program, &format!("{INDEX}:v1"));
        }
    }
}
