//! "Checking if content exists in the registry": `HEAD` (end-2, end-3).

use crate::harness::{ALGORITHMS, Content, Reply, Served};

on_every_backend!(
    head_of_a_blob_is_get_without_the_body,
    head_of_a_manifest_is_get_without_the_body,
    head_of_what_is_absent_is_404,
    head_of_a_part_is_get_without_the_body,
    head_of_listings_is_get_without_the_body,
);

/// Headers that must be the same in both responses.
const COMPARED: [&str; 5] = [
    "content-length",
    "content-type",
    "docker-content-digest",
    "etag",
    "accept-ranges",
];

#[track_caller]
fn same(head: &Reply, get: &Reply) {
    assert_eq!(head.status, get.status);
    for name in COMPARED {
        assert_eq!(head.all(name), get.all(name), "{name} of {head:?}");
    }
}

/// "MUST return 200 OK", "MUST contain the digest", "MUST contain the size in bytes of the
/// uploaded blob in the header Content-Length".
fn head_of_a_blob_is_get_without_the_body(registry: &Served) {
    let name = registry.repository();
    for length in [0, 1, 5000, 2_000_000] {
        for algorithm in ALGORITHMS {
            let content = Content::with(algorithm, length);
            registry.blob(&name, &content);
            let head = registry
                .head(&content.path(&name))
                .is(200)
                .has("content-length", &length.to_string())
                .has("docker-content-digest", &content.digest.to_string());
            same(&head, &registry.get(&content.path(&name)));
        }
    }
}

/// The same for manifests, by tag and by digest.
fn head_of_a_manifest_is_get_without_the_body(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for path in [format!("/v2/{name}/manifests/v1"), image.path(&name)] {
        let head = registry
            .head(&path)
            .is(200)
            .has("content-length", &image.raw.len().to_string())
            .has("content-type", &image.media_type)
            .has("docker-content-digest", &image.digest.to_string());
        same(&head, &registry.get(&path));
    }
}

/// "If the blob or manifest is not found in the repository, the response code MUST be 404."
fn head_of_what_is_absent_is_404(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    let absent = Content::new(8);
    for path in [
        absent.path(&name),
        format!("/v2/{name}/manifests/{}", absent.digest),
        format!("/v2/{name}/manifests/absent"),
    ] {
        registry.head(&path).is(404);
    }
}

/// RFC 9110, 9.3.2: `HEAD` has the headers of `GET`. 14.2: a `Range` is defined for `GET` only, but
/// in any case the length must be that of a `GET` with the same status.
fn head_of_a_part_is_get_without_the_body(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(1000);
    registry.blob(&name, &content);
    let ask = |method: &str| {
        let request = registry.request(method, &content.path(&name));
        request.header("Range", "bytes=0-9").send()
    };
    let (head, get) = (ask("HEAD"), ask("GET").is(206));
    match head.status {
        200 => drop(head.has("content-length", "1000").has_no("content-range")),
        _ => same(&head, &get),
    }
}

/// RFC 9110, 9.3.2, for all other endpoints that can be read.
fn head_of_listings_is_get_without_the_body(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for path in [
        format!("/v2/{name}/tags/list"),
        format!("/v2/{name}/referrers/{}", image.digest),
    ] {
        same(&registry.head(&path), &registry.get(&path).is(200));
    }
}
