//! "Pulling manifests": the grammar of repositories, tags and digests.

use crate::harness::{Content, Served, image};

on_every_backend!(
    names_of_the_grammar_are_taken,
    names_outside_the_grammar_are_refused,
    tags_of_the_grammar_are_taken,
    tags_outside_the_grammar_are_refused,
);

/// `<name>` matches `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/...)*`; with 229 characters there is room
/// for a host.
fn names_of_the_grammar_are_taken(registry: &Served) {
    let base = registry.repository();
    let long = format!("{base}/{}", "x".repeat(229 - base.len() - 1));
    for end in [
        "a",
        "0",
        "a.b",
        "a_b",
        "a__b",
        "a-b",
        "a---b",
        "a/b/c/d/e",
        "manifests",
        "tags",
    ] {
        let name = format!("{base}/{end}");
        let image = registry.image(&name, "v1");
        registry
            .get(&format!("/v2/{name}/manifests/v1"))
            .is(200)
            .body_is(&image.raw);
        registry.get(&format!("/v2/{name}/tags/list")).is(200);
    }
    registry.image(&long, "v1");
    registry.get(&format!("/v2/{long}/manifests/v1")).is(200);
}

/// Any other `<name>` is refused: with 400, or with 404 where it matches no endpoint.
fn names_outside_the_grammar_are_refused(registry: &Served) {
    for name in [
        "A", "a__", "-a", "a-", "a..b", "a___b", "a._b", "a//b", "a/", "%2e%2e/a", "ä", "a b",
    ] {
        let name = name.replace(' ', "%20").replace('ä', "%C3%A4");
        for (method, path) in [
            ("GET", format!("/v2/{name}/tags/list")),
            ("GET", format!("/v2/{name}/manifests/v1")),
            ("POST", format!("/v2/{name}/blobs/uploads/")),
        ] {
            let reply = registry.request(method, &path).send();
            assert!(matches!(reply.status, 400 | 404), "{reply:?}");
        }
    }
    let reply = registry.request("POST", "/v2/UPPER/blobs/uploads/").send();
    reply.is_error(400, "NAME_INVALID");
}

/// A tag has at most 128 characters and matches `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn tags_of_the_grammar_are_taken(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "first");
    let long = "t".repeat(128);
    for tag in ["a", "Z", "0", "_", "_.-", "1.2.3", "UPPER_lower-1.x", &long] {
        registry.put(&name, tag, &image).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/{tag}"))
            .is(200)
            .body_is(&image.raw);
    }
}

/// A reference is a digest or a tag; it MUST NOT be anything else.
fn tags_outside_the_grammar_are_refused(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    let (config, layer) = (Content::new(8), Content::new(8));
    registry.blob(&name, &config);
    registry.blob(&name, &layer);
    let image = image(&config, &[&layer]);
    let long = "t".repeat(129);
    for tag in [".a", "-a", "a+b", "a:b", "a@b", "%C3%A4", "a%20b", &long] {
        let refused = registry.put(&name, tag, &image);
        assert!(matches!(refused.status, 400 | 404), "{refused:?}");
        let absent = registry.get(&format!("/v2/{name}/manifests/{tag}"));
        assert!(matches!(absent.status, 400 | 404), "{absent:?}");
    }
    let tags = registry
        .get(&format!("/v2/{name}/tags/list"))
        .is(200)
        .json();
    assert_eq!(tags["tags"], serde_json::json!(["v1"]));
}
