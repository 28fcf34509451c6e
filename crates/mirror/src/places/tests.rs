use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Address, Entry, Places};
use crate::pipeline::Pipeline;
use crate::settings::UpstreamSettings;
use crate::upstream::Upstream;

fn upstream(namespace: &str, prefix: &str, hosts: &[&str]) -> Arc<Upstream> {
    Arc::new(Upstream::new(UpstreamSettings {
        namespace: namespace.to_owned(),
        prefix: prefix.parse().unwrap(),
        endpoints: Vec::new(),
        virtual_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        allowed: Vec::new(),
        denied: Vec::new(),
        concurrency: 1,
        requests_per_second: None,
        pipeline: Pipeline::default(),
        tagged: BTreeMap::new(),
    }))
}

fn places() -> Places {
    Places::new(vec![
        upstream("docker.io", "docker.io", &["hub.test", "hub.test:8443"]),
        upstream("ghcr.io", "ghcr.io", &[]),
        upstream("reg.example:5000", "reg.example_5000", &["reg.test"]),
        upstream("team.example", "ghcr.io/team", &[]),
    ])
}

/// What a request is for: `ns path`, `-` as it is, `! ns` for a foreign one.
fn entered(path: &str, host: &str, namespace: &str) -> String {
    let address = Address {
        path,
        host: (!host.is_empty()).then_some(host),
        namespace: (!namespace.is_empty()).then_some(namespace),
    };
    match places().enter(&address) {
        Entry::AsItIs => "-".to_owned(),
        Entry::Mirrored { path, namespace } => format!("{namespace} {path}"),
        Entry::Foreign(name) => format!("! {name}"),
    }
}

#[test]
fn a_namespace_chooses_the_upstream() {
    for (path, namespace, wanted) in [
        (
            "/v2/library/a/manifests/v",
            "docker.io",
            "docker.io /v2/docker.io/library/a/manifests/v",
        ),
        (
            "/v2/a/manifests/v",
            "docker.io",
            "docker.io /v2/docker.io/library/a/manifests/v",
        ),
        (
            "/v2/a/blobs/x",
            "DOCKER.io",
            "docker.io /v2/docker.io/library/a/blobs/x",
        ),
        (
            "/v2/a/tags/list",
            "index.docker.io",
            "docker.io /v2/docker.io/library/a/tags/list",
        ),
        (
            "/v2/a/referrers/x",
            "registry-1.docker.io",
            "docker.io /v2/docker.io/library/a/referrers/x",
        ),
        (
            "/v2/a/b/tags/list",
            "docker.io",
            "docker.io /v2/docker.io/a/b/tags/list",
        ),
        (
            "/v2/a/manifests/v",
            "ghcr.io",
            "ghcr.io /v2/ghcr.io/a/manifests/v",
        ),
        (
            "/v2/a/manifests/v",
            "reg.example:5000",
            "reg.example:5000 /v2/reg.example_5000/a/manifests/v",
        ),
        ("/v2/a/manifests/v", "reg.example", "! reg.example"),
        ("/v2/a/manifests/v", "169.254.169.254", "! 169.254.169.254"),
        ("/v2/a/manifests/v", "ghcr.io/x", "! ghcr.io/x"),
        // What is about the registry itself is nobody else's.
        ("/v2/", "docker.io", "-"),
        ("/v2/", "evil.example", "-"),
        ("/v2/_catalog", "evil.example", "-"),
        ("/metrics", "docker.io", "-"),
    ] {
        assert_eq!(
            entered(path, "mirror.test", namespace),
            wanted,
            "{path} {namespace}"
        );
    }
}

#[test]
fn a_registry_that_is_named_by_its_own_host_is_itself() {
    assert_eq!(
        entered("/v2/a/manifests/v", "me.test:5000", "me.test:5000"),
        "-"
    );
    assert_eq!(entered("/v2/a/manifests/v", "ME.test", "me.test"), "-");
    assert_eq!(
        entered("/v2/a/manifests/v", "me.test", "other.test"),
        "! other.test"
    );
    assert_eq!(entered("/v2/a/manifests/v", "", "me.test"), "! me.test");
}

#[test]
fn a_virtual_host_chooses_the_upstream() {
    let hub = "docker.io /v2/docker.io/library/a/manifests/v";
    for host in ["hub.test", "HUB.test", "hub.test:5000", "hub.test:8443"] {
        assert_eq!(entered("/v2/a/manifests/v", host, ""), hub, "{host}");
    }
    let other = "reg.example:5000 /v2/reg.example_5000/a/manifests/v";
    assert_eq!(entered("/v2/a/manifests/v", "reg.test", ""), other);
    // The namespace counts before the host.
    let named = "ghcr.io /v2/ghcr.io/a/manifests/v";
    assert_eq!(entered("/v2/a/manifests/v", "hub.test", "ghcr.io"), named);
    for host in ["", "nothub.test", "hub.test.evil.example", "hub.test:x"] {
        assert_eq!(entered("/v2/a/manifests/v", host, ""), "-", "{host}");
    }
}

#[test]
fn a_url_chooses_the_upstream() {
    for (path, wanted) in [
        (
            "/https://registry-1.docker.io/v2/library/a/blobs/x",
            "docker.io /v2/docker.io/library/a/blobs/x",
        ),
        (
            "/http://ghcr.io/v2/a/blobs/x",
            "ghcr.io /v2/ghcr.io/a/blobs/x",
        ),
        (
            "/https://reg.example:5000/v2/a/blobs/x",
            "reg.example:5000 /v2/reg.example_5000/a/blobs/x",
        ),
        ("/https://evil.example/v2/a/blobs/x", "! evil.example"),
        ("/https://user@ghcr.io/v2/a/blobs/x", "! user@ghcr.io"),
        ("/https://ghcr.io", "-"),
        ("/ftp://ghcr.io/v2/a/blobs/x", "-"),
    ] {
        assert_eq!(entered(path, "", ""), wanted, "{path}");
    }
}

#[test]
fn a_prefix_is_as_it_is_but_for_single_names_of_docker_hub() {
    for (path, wanted) in [
        (
            "/v2/docker.io/a/manifests/v",
            "docker.io /v2/docker.io/library/a/manifests/v",
        ),
        ("/v2/docker.io/library/a/manifests/v", "-"),
        ("/v2/docker.io/a/b/manifests/v", "-"),
        ("/v2/ghcr.io/a/manifests/v", "-"),
        ("/v2/docker.iox/a/manifests/v", "-"),
        ("/v2/own/a/manifests/v", "-"),
    ] {
        assert_eq!(entered(path, "", ""), wanted, "{path}");
    }
}

#[test]
fn the_longest_prefix_has_a_repository() {
    let places = places();
    let of = |name: &str| {
        let found = places.of(&name.parse().unwrap());
        found.map(|(upstream, rest)| format!("{} {rest}", upstream.settings.namespace))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of("docker.io/library/a"), some("docker.io library/a"));
    assert_eq!(of("ghcr.io/a"), some("ghcr.io a"));
    assert_eq!(of("ghcr.io/team/a"), some("team.example a"));
    assert_eq!(of("ghcr.io/team"), some("ghcr.io team"));
    assert_eq!(of("ghcr.io/teamwork/a"), some("ghcr.io teamwork/a"));
    assert_eq!(of("docker.io"), None);
    assert_eq!(of("own/a"), None);
}
