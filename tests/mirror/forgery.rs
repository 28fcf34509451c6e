//! Requests by which somebody wants the mirror to dial others (server-side request forgery).

use std::net::TcpStream;

use crate::harness::{
    Fault, Image, Served, Trap, Upstream, blob_path, manifest_path, tag_path, until,
};

/// An upstream with an image, a mirror that knows nothing of it, and a trap.
fn scene(seed: u64) -> (Upstream, Served, Image, Trap) {
    let (upstream, image) = (Upstream::start(), Image::small(seed));
    upstream.image("app", "v1", &image);
    let mirror = Served::with(&upstream, "patience = \"2s\"", "");
    (upstream, mirror, image, Trap::set())
}

#[test]
fn a_trap_counts_who_connects() {
    let trap = Trap::set();
    trap.is_empty();
    for address in [trap.address(), trap.loopback()] {
        let before = trap.caught();
        TcpStream::connect(address).unwrap();
        until("it is counted", || trap.caught() == before + 1);
    }
}

#[test]
fn a_foreign_namespace_is_404_and_nothing_is_dialled() {
    let (upstream, mirror, image, trap) = scene(60);
    let paths = [
        "/v2/app/manifests/v1".to_owned(),
        format!("/v2/app/blobs/{}", image.layers[0][0].digest),
        "/v2/app/tags/list".to_owned(),
        format!("/v2/app/referrers/{}", image.index.digest),
    ];
    for path in paths {
        for namespace in [trap.loopback(), trap.address(), "evil.example".to_owned()] {
            mirror.get(&format!("{path}?ns={namespace}")).is(404);
        }
    }
    trap.is_empty();
    assert_eq!(upstream.calls(), 0);
}

#[test]
fn a_foreign_url_is_404_and_nothing_is_dialled() {
    let (upstream, mirror, image, trap) = scene(61);
    for place in [trap.loopback(), trap.address()] {
        let blob = format!("v2/app/blobs/{}", image.layers[0][0].digest);
        mirror.get(&format!("/https://{place}/{blob}")).is(404);
        mirror.get(&format!("/http://{place}/{blob}")).is(404);
        let path = format!("/v2/{}/app/manifests/v1", place.replace(':', "_"));
        mirror.get(&path).is(404);
    }
    trap.is_empty();
    assert_eq!(upstream.calls(), 0);
}

#[test]
fn a_foreign_host_is_no_upstream() {
    let (upstream, mirror, _, trap) = scene(62);
    for host in [trap.loopback(), "evil.example".to_owned()] {
        let headers = [("Host", &host[..])];
        mirror.ask("GET", "/v2/app/manifests/v1", &headers).is(404);
    }
    trap.is_empty();
    assert_eq!(upstream.calls(), 0);
}

#[test]
fn a_realm_that_the_upstream_may_not_name_is_not_dialled() {
    let (upstream, mirror, image, trap) = scene(63);
    for realm in [trap.url(), format!("https://{}", trap.name())] {
        let challenge = format!("Bearer realm=\"{realm}/token\",service=\"upstream\"");
        let headers = vec![("WWW-Authenticate", challenge)];
        upstream.always("*", "", Fault::Refusal(401, headers));
        let status = mirror.get(&tag_path("app", "v1")).status;
        assert!(matches!(status, 404 | 503), "{status}");
        let status = mirror.get(&blob_path("app", &image.layers[0][0])).status;
        assert!(matches!(status, 404 | 503), "{status}");
    }
    trap.is_empty();
    assert!(upstream.calls() > 0);
}

#[test]
fn a_redirect_to_where_the_upstream_may_not_point_is_not_followed() {
    let (upstream, mirror, image, trap) = scene(64);
    let layer = &image.layers[0][0];
    for status in [301, 302, 303, 307, 308] {
        upstream.always(
            "*",
            "",
            Fault::Redirect(status, format!("{}/x", trap.url())),
        );
        for path in [tag_path("app", "v1"), blob_path("app", layer)] {
            mirror.get(&path).is(503);
        }
        mirror.head(&blob_path("app", layer)).is(503);
    }
    trap.is_empty();
    assert!(upstream.calls() >= 10);
    upstream.heal();
    until("it is served after that", || {
        mirror.get(&blob_path("app", layer)).status == 200
    });
}

#[test]
fn a_redirect_over_a_permitted_server_leads_to_no_other() {
    let (upstream, mirror, image, trap) = scene(65);
    let middle = Upstream::start();
    upstream.always("GET", "/blobs/", Fault::Elsewhere(middle.url()));
    middle.always("*", "", Fault::Elsewhere(trap.url()));
    mirror.get(&blob_path("app", &image.layers[0][0])).is(503);
    assert!(middle.calls() > 0);
    trap.is_empty();
}

#[test]
fn a_link_to_where_the_upstream_may_not_point_is_not_followed() {
    let (upstream, mirror, image, trap) = scene(66);
    upstream.listed("app", &image.index, image.manifests[0].descriptor());
    let link = format!("<{}/v2/app/tags/list?last=a>; rel=\"next\"", trap.url());
    upstream.always("GET", "", Fault::Header("Link", link));
    let status = mirror.get("/v2/up/app/tags/list").status;
    assert_ne!(status, 200);
    let path = format!("/v2/up/app/referrers/{}", image.index.digest);
    assert_ne!(mirror.get(&path).status, 200);
    assert_eq!(
        upstream.count("GET", "/referrers/"),
        1,
        "{:?}",
        upstream.log()
    );
    trap.is_empty();
}

#[test]
fn a_name_is_judged_by_the_address_that_it_has_when_it_is_dialled() {
    let (upstream, mirror, image, trap) = scene(67);
    // Nothing in this name says where it leads: only the look-up for the connection does.
    let target = format!("https://{}", trap.name());
    upstream.always("GET", "", Fault::Elsewhere(target));
    mirror.get(&blob_path("app", &image.layers[0][0])).is(503);
    mirror.get(&tag_path("app", "v1")).is(503);
    trap.is_empty();
}

#[test]
fn a_location_in_an_answer_that_is_no_redirect_is_not_followed() {
    let (upstream, mirror, image, trap) = scene(68);
    let location = format!("{}/x", trap.url());
    upstream.always("*", "", Fault::Header("Location", location));
    mirror.pull("app", "v1", &image);
    trap.is_empty();
}

#[test]
fn blobs_that_the_upstream_has_elsewhere_come_without_its_credentials() {
    let (upstream, elsewhere, image) = (Upstream::start(), Upstream::start(), Image::small(69));
    upstream.image("app", "v1", &image);
    elsewhere.image("app", "v1", &image);
    upstream.require("ada", "secret");
    let url = upstream.url();
    let mirror = Served::beside(
        &[("password", "secret")],
        &format!(
            "[[upstreams]]\nnamespace = \"up.example\"\nprefix = \"up\"\nendpoints = [\"{url}\"]\n\
             credentials = {{ username = \"ada\", password_file = \"FOLDER/password\" }}\n"
        ),
    );
    mirror
        .get(&manifest_path("app", &image.manifests[0]))
        .is(200);
    upstream.always("GET", "/blobs/", Fault::Elsewhere(elsewhere.url()));
    let layer = &image.layers[0][0];
    mirror
        .get(&blob_path("app", layer))
        .is(200)
        .has(&layer.bytes);
    let seen = elsewhere.seen();
    assert!(!seen.is_empty());
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization").is_none())
    );
}
