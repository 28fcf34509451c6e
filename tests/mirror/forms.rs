//! The ways in which clients name an upstream.

use crate::harness::{Image, Served, Upstream};

/// A mirror of something that plays Docker Hub.
fn hub(upstream: &Upstream) -> Served {
    let url = upstream.url();
    Served::start(&format!(
        "[[upstreams]]\nnamespace = \"docker.io\"\nendpoints = [\"{url}\"]\n\
         virtual_hosts = [\"hub.mirror.test\"]\n\
         [[upstreams]]\nnamespace = \"reg.example:5000\"\nendpoints = [\"{url}\"]\n"
    ))
}

#[test]
fn a_ping_is_answered_and_asks_nobody() {
    let upstream = Upstream::start();
    let mirror = hub(&upstream);
    let host = [("Host", "hub.mirror.test")];
    for path in ["/v2/", "/v2/?ns=docker.io", "/v2/?ns=evil.example"] {
        let answer = mirror.ask("GET", path, &host).is(200);
        assert_eq!(
            answer.header("docker-distribution-api-version"),
            Some("registry/2.0")
        );
        mirror.get(path).is(200);
    }
    assert_eq!(upstream.calls(), 0);
}

#[test]
fn an_upstream_is_named_by_query_prefix_host_or_url() {
    let (upstream, image) = (Upstream::start(), Image::small(90));
    upstream.image("library/alpine", "3.20", &image);
    let mirror = hub(&upstream);
    let layer = &image.layers[0][0];
    let blob = format!("library/alpine/blobs/{}", layer.digest);
    let host = [("Host", "hub.mirror.test")];
    let port = [("Host", "HUB.mirror.test:5000")];
    let ways: [(&str, &[(&str, &str)]); 7] = [
        ("/v2/REST?ns=docker.io", &[]),
        ("/v2/REST?ns=registry-1.docker.io", &[]),
        ("/v2/docker.io/REST", &[]),
        ("/v2/REST", &host),
        ("/v2/REST", &port),
        ("/https://registry-1.docker.io/v2/REST", &[]),
        ("/https://docker.io/v2/REST", &[]),
    ];
    for (form, headers) in ways {
        let tag = form.replace("REST", "library/alpine/manifests/3.20");
        let answer = mirror
            .ask("GET", &tag, headers)
            .is(200)
            .has(&image.index.bytes);
        let named = answer.header("oci-namespace");
        assert!(
            named == Some("docker.io") || form.starts_with("/v2/docker.io"),
            "{form}"
        );
        let path = form.replace("REST", &blob);
        mirror.ask("GET", &path, headers).is(200).has(&layer.bytes);
    }
    // All of them are one content.
    assert_eq!(
        upstream.count("GET", "/manifests/"),
        1,
        "{:?}",
        upstream.log()
    );
    assert_eq!(upstream.count("GET", "/blobs/"), 1);
}

#[test]
fn the_query_is_never_sent_on() {
    let (upstream, image) = (Upstream::start(), Image::small(91));
    upstream.image("library/alpine", "3.20", &image);
    let mirror = hub(&upstream);
    for rest in [
        "manifests/3.20".to_owned(),
        format!("blobs/{}", image.layers[0][0].digest),
        "tags/list".to_owned(),
        format!("referrers/{}", image.index.digest),
    ] {
        let path = format!("/v2/library/alpine/{rest}?ns=docker.io");
        mirror.get(&path).is(200);
    }
    assert!(upstream.calls() >= 4);
    assert_eq!(upstream.count("*", "ns="), 0, "{:?}", upstream.log());
}

#[test]
fn a_name_of_docker_hub_may_lack_library() {
    let (upstream, image) = (Upstream::start(), Image::small(92));
    upstream.image("library/alpine", "3.20", &image);
    let mirror = hub(&upstream);
    let host = [("Host", "hub.mirror.test")];
    let forms: [(&str, &[(&str, &str)]); 4] = [
        ("/v2/alpine/manifests/3.20?ns=docker.io", &[]),
        ("/v2/docker.io/alpine/manifests/3.20", &[]),
        ("/v2/alpine/manifests/3.20", &host),
        (
            "/https://registry-1.docker.io/v2/alpine/manifests/3.20",
            &[],
        ),
    ];
    for (path, headers) in forms {
        mirror
            .ask("GET", path, headers)
            .is(200)
            .has(&image.index.bytes);
    }
    assert_eq!(upstream.log(), ["GET /v2/library/alpine/manifests/3.20"]);
}

#[test]
fn a_namespace_with_a_port_has_a_prefix_without_a_colon() {
    let (upstream, image) = (Upstream::start(), Image::small(93));
    upstream.image("team/app", "v1", &image);
    let mirror = hub(&upstream);
    for path in [
        "/v2/team/app/manifests/v1?ns=reg.example:5000",
        "/v2/team/app/manifests/v1?ns=reg.example%3A5000",
        "/v2/reg.example_5000/team/app/manifests/v1",
        "/https://reg.example:5000/v2/team/app/manifests/v1",
    ] {
        mirror.get(path).is(200).has(&image.index.bytes);
    }
    assert_eq!(upstream.calls(), 1, "{:?}", upstream.log());
}

#[test]
fn a_client_that_names_the_mirror_itself_gets_its_own_content() {
    let upstream = Upstream::start();
    let mirror = hub(&upstream);
    let path = format!("/v2/own/app/tags/list?ns={}", mirror.address());
    mirror.get(&path).is(404);
    let catalog = format!("/v2/_catalog?ns={}", mirror.address());
    mirror.get(&catalog).is(200);
    assert_eq!(upstream.calls(), 0);
}

#[test]
fn a_range_by_url_is_one_ranged_call_as_overlaybd_wants_it() {
    let (upstream, image) = (Upstream::start(), Image::with(94, crate::harness::large()));
    upstream.image("team/app", "v1", &image);
    let mirror = hub(&upstream);
    let layer = crate::harness::large();
    let path = format!(
        "/https://reg.example:5000/v2/team/app/blobs/{}",
        layer.digest
    );
    mirror
        .range(&path, "bytes=0-0")
        .is(206)
        .has(&layer.bytes[..1]);
    mirror
        .range(&path, "bytes=1000000-1000099")
        .is(206)
        .has(&layer.bytes[1_000_000..1_000_100]);
    let ranges = upstream.ranges("/blobs/");
    assert_eq!(ranges.iter().flatten().count(), 2, "{:?}", upstream.log());
    assert_eq!(upstream.count("GET", "/blobs/"), 2);
}
