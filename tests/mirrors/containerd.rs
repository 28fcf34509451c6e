use super::faulty::{FAULTS, Fault, Faulty};
use super::place::Place;
use super::upstream::Upstream;
use crate::support::Containerd;

#[test]
fn containerd_pulls_through_the_mirror_and_from_it_alone() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let upstream = Upstream::start();
    let mut place = Place::start(&upstream.registry.address, "mirror.tag_lifetime = \"0s\"");
    let root = place.install("--containerd");
    let hosts = root.join("etc/containerd/certs.d");
    let hosts = hosts.to_str().unwrap();
    let pull = |name: &str| {
        let flags = [
            "images",
            "pull",
            "--hosts-dir",
            hosts,
            "--snapshotter",
            "native",
        ];
        containerd.ctr(&[&flags[..], &[name]].concat());
    };
    let names = ["upstream.test/acme/image:v1", "docker.io/library/index:v1"];
    let digests = [&upstream.content.image, &upstream.content.index];
    for (name, digest) in names.iter().zip(digests) {
        pull(name);
        assert_eq!(containerd.digest_of(name), digest.to_string());
    }
    // The upstream is gone, and what containerd had, too: all of it comes from the cache, also that of
    // a mirror that was killed.
    upstream.end();
    for round in 0..2 {
        for name in names {
            containerd.ctr(&["images", "rm", "--sync", name]);
        }
        assert_eq!(
            containerd.ctr(&["content", "ls", "-q"]).trim(),
            "",
            "round {round}"
        );
        for (name, digest) in names.iter().zip(digests) {
            pull(name);
            assert_eq!(containerd.digest_of(name), digest.to_string());
        }
        place.restart();
    }
}

#[test]
fn containerd_is_served_from_the_cache_whatever_the_upstream_does() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let upstream = Upstream::start();
    let faulty = Faulty::before(&upstream.registry.address);
    let place = Place::start(
        &faulty.address,
        "mirror.tag_lifetime = \"0s\"\nmirror.absent_lifetime = \"0s\"\nmirror.patience = \"2s\"",
    );
    let root = place.install("--containerd");
    let hosts = root.join("etc/containerd/certs.d");
    let pull = |name: &str| {
        let folder = hosts.to_str().unwrap();
        let flags = [
            "images",
            "pull",
            "--hosts-dir",
            folder,
            "--snapshotter",
            "native",
        ];
        containerd.ctr(&[&flags[..], &[name]].concat());
    };
    let kept = "upstream.test/acme/image:v1";
    pull(kept);
    let digest = format!("upstream.test/acme/image@{}", upstream.content.image);
    for fault in FAULTS {
        faulty.fail(fault);
        faulty.take();
        // A tag of which the upstream says that it is gone is gone; its digest is kept.
        let name = match fault {
            Fault::Status(404) => &digest,
            _ => kept,
        };
        containerd.ctr(&["images", "rm", "--sync", kept, &digest]);
        pull(name);
        assert_eq!(
            containerd.digest_of(name),
            upstream.content.image.to_string(),
            "{fault:?}"
        );
        if fault == Fault::Status(404) {
            faulty.fail(Fault::None);
            pull(kept);
        }
    }
    // What is not kept comes from the upstream itself, if the client is told of it.
    let direct = format!("http://{}", upstream.registry.address);
    let file = hosts.join("docker.io/hosts.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with("server"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&file, format!("server = \"{direct}\"\n{text}")).unwrap();
    let cold = "docker.io/library/index:v1";
    for fault in [
        Fault::Status(401),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Silent,
    ] {
        faulty.fail(fault);
        pull(cold);
        assert_eq!(
            containerd.digest_of(cold),
            upstream.content.index.to_string(),
            "{fault:?}"
        );
        containerd.ctr(&["images", "rm", "--sync", cold]);
    }
}
