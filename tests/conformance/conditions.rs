//! Conditional requests (RFC 9110, 13): "Clients MAY use conditional HTTP requests" where a
//! registry has entity tags.

use crate::harness::{Content, Served};

on_every_backend!(
    what_a_client_has_is_not_sent_again,
    a_tag_that_moved_is_sent_again,
);

/// 13.1.2: 304 for the entity tag that the client has, for any of several, and for `*`.
fn what_a_client_has_is_not_sent_again(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let content = Content::new(100);
    registry.blob(&name, &content);
    for path in [
        image.path(&name),
        format!("/v2/{name}/manifests/v1"),
        content.path(&name),
    ] {
        let tag = registry.get(&path).is(200);
        let tag = tag.header("etag").unwrap().to_owned();
        for known in [
            tag.clone(),
            format!("\"x\", {tag}"),
            format!("W/{tag}"),
            "*".to_owned(),
        ] {
            for method in ["GET", "HEAD"] {
                let request = registry.request(method, &path);
                let reply = request.header("If-None-Match", &known).send();
                reply.is(304).has("etag", &tag);
            }
        }
        let request = registry.request("GET", &path);
        request.header("If-None-Match", "\"x\"").send().is(200);
    }
}

/// The entity tag belongs to the manifest, not to the name of the tag.
fn a_tag_that_moved_is_sent_again(registry: &Served) {
    let name = registry.repository();
    let path = format!("/v2/{name}/manifests/latest");
    registry.image(&name, "latest");
    let old = registry.get(&path).is(200);
    let old = old.header("etag").unwrap().to_owned();
    let image = registry.image(&name, "latest");
    registry
        .request("GET", &path)
        .header("If-None-Match", &old)
        .send()
        .is(200)
        .body_is(&image.raw);
}
