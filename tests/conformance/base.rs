//! "Determining Support" (end-1), "Registry Proxying", and the catalog, which is older than the
//! specification.

use serde_json::json;

use crate::harness::Served;

on_every_backend!(
    the_base_says_that_the_specification_is_implemented,
    the_namespace_of_a_proxy_changes_nothing,
    repositories_are_listed_in_pages,
);

/// "Determining Support": `GET /v2/` is answered with 200.
fn the_base_says_that_the_specification_is_implemented(registry: &Served) {
    registry.get("/v2/").is(200);
    registry.head("/v2/").is(200);
}

/// "Registry Proxying": a registry MAY ignore `ns`, and then it must not say that it has applied
/// it.
fn the_namespace_of_a_proxy_changes_nothing(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for path in [
        format!("/v2/{name}/manifests/v1?ns=upstream.example"),
        format!("{}?ns=upstream.example", image.path(&name)),
    ] {
        registry
            .get(&path)
            .is(200)
            .body_is(&image.raw)
            .has_no("oci-namespace");
    }
}

/// Docker's catalog: names in order, `n` at a time, with a `Link` to the next page.
fn repositories_are_listed_in_pages(registry: &Served) {
    let base = registry.repository();
    let names = ["a", "a-b", "a/b", "b"].map(|end| format!("{base}/{end}"));
    for name in &names {
        registry.image(name, "v1");
    }
    // No other name starts like this, so the four are neighbours.
    let mut path = format!("/v2/_catalog?n=2&last={base}");
    let mut found = Vec::new();
    while found.len() < names.len() {
        let reply = registry.get(&path).is(200);
        let page = reply.json()["repositories"].as_array().unwrap().clone();
        assert!(page.len() <= 2, "{reply:?}");
        found.extend(page);
        let Some(next) = reply.next_page() else { break };
        path = next;
    }
    let mut sorted = names.to_vec();
    sorted.sort();
    assert_eq!(json!(found), json!(sorted));
    let none = registry.get("/v2/_catalog?n=0").is(200);
    assert_eq!(none.json()["repositories"], json!([]));
}
