use super::faulty::{FAULTS, Fault, Faulty};
use super::place::Place;
use super::upstream::Upstream;
use crate::registry_clients::Docker;

#[test]
fn docker_pulls_through_the_mirror_and_from_it_whatever_the_upstream_does() {
    let upstream = Upstream::start();
    let faulty = Faulty::before(&upstream.registry.address);
    let place = Place::start(
        &faulty.address,
        "mirror.tag_lifetime = \"0s\"\nmirror.absent_lifetime = \"0s\"\nmirror.patience = \"2s\"",
    );
    let root = place.install("--docker");
    let daemon = std::fs::read(root.join("etc/docker/daemon.json")).unwrap();
    let prepare = |etc: &std::path::Path| std::fs::write(etc.join("daemon.json"), &daemon).unwrap();
    let Some(docker) = Docker::start_with(prepare) else {
        return;
    };
    let digest = format!("index@{}", upstream.content.index);
    let pull = |name: &str, fault: Fault| {
        docker.run(&["pull", "-q", name]);
        let pulled = docker.inspect(name, "{{index .RepoDigests 0}}");
        assert_eq!(pulled, digest, "{fault:?}");
        docker.run(&["rmi", "-f", name]);
    };
    for fault in FAULTS {
        faulty.fail(Fault::None);
        pull("index:v1", Fault::None);
        faulty.fail(fault);
        // A tag of which the upstream says that it is gone is gone; its digest is kept.
        match fault {
            Fault::Status(404) => pull(&digest, fault),
            _ => pull("index:v1", fault),
        }
    }
    faulty.fail(Fault::None);
    pull("index:v1", Fault::None);
    upstream.end();
    pull("index:v1", Fault::None);
}
