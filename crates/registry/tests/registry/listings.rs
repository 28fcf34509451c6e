//! Tests of "Listing tags", the catalog, health and the version check.

use serde_json::json;

use crate::support::served;

#[test]
fn tags_in_pages() {
    let (_parent, served) = served();
    served.get("/v2/a/tags/list").is_error(404, "NAME_UNKNOWN");
    let (manifest, _) = served.push_image("a", "v1");
    for tag in ["v2", "B", "latest"] {
        served.put_manifest("a", tag, &manifest);
    }
    let reply = served.get("/v2/a/tags/list");
    assert_eq!(
        reply.json(),
        json!({"name": "a", "tags": ["B", "latest", "v1", "v2"]})
    );
    assert_eq!(reply.header("link"), None);
    let mut path = "/v2/a/tags/list?n=1".to_owned();
    let mut found = Vec::new();
    loop {
        let reply = served.get(&path);
        found.extend(reply.json()["tags"].as_array().unwrap().clone());
        let Some(link) = reply.header("link") else {
            break;
        };
        path = link.split(['<', '>']).nth(1).unwrap().to_owned();
        assert!(link.ends_with("; rel=\"next\""));
    }
    assert_eq!(json!(found), json!(["B", "latest", "v1", "v2"]));
    let reply = served.get("/v2/a/tags/list?n=0");
    assert_eq!(reply.json()["tags"], json!([]));
    assert_eq!(
        served.get("/v2/a/tags/list?last=latest").json()["tags"],
        json!(["v1", "v2"])
    );
    assert_eq!(served.get("/v2/a/tags/list?n=x").status, 400);
    assert_eq!(served.get("/v2/a/tags/list?n=-1").status, 400);
}

#[test]
fn the_catalog_in_pages() {
    let (_parent, served) = served();
    for name in ["b", "a/b", "a"] {
        served.push_image(name, "v1");
    }
    let reply = served.get("/v2/_catalog");
    assert_eq!(reply.json(), json!({"repositories": ["a", "a/b", "b"]}));
    let reply = served.get("/v2/_catalog?n=2");
    assert_eq!(reply.json(), json!({"repositories": ["a", "a/b"]}));
    let link = reply.header("link").unwrap();
    let next = link.split(['<', '>']).nth(1).unwrap();
    assert_eq!(served.get(next).json(), json!({"repositories": ["b"]}));
}

#[test]
fn health_and_version() {
    let (_parent, served) = served();
    for path in ["/livez", "/readyz", "/v2/", "/v2"] {
        let reply = served.get(path);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(
            reply.header("docker-distribution-api-version"),
            Some("registry/2.0")
        );
    }
    let given = served.send("GET", "/v2/", &[("X-Request-Id", "abc-1")], b"");
    assert_eq!(given.header("x-request-id"), Some("abc-1"));
    let made = served.send("GET", "/v2/", &[("X-Request-Id", "a b\tc")], b"");
    assert_eq!(made.header("x-request-id").unwrap().len(), 32);
}
