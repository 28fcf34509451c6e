//! "Content Management" (end-9, end-10).

use serde_json::json;

use crate::harness::{ALGORITHMS, Content, Served, Way, image, index};

on_every_backend!(
    a_deleted_tag_is_gone_and_its_manifest_stays,
    a_deleted_manifest_is_gone_with_its_tags,
    a_deleted_blob_is_gone,
    what_is_absent_cannot_be_deleted,
    a_blob_that_a_manifest_names_stays,
    parts_of_an_index_can_be_deleted,
    what_was_deleted_can_be_pushed_again,
    deletion_stays_in_its_repository,
    methods_that_an_endpoint_does_not_have_are_405,
);

/// "Upon success, the registry MUST respond with 202"; "once deleted, a GET will return a 404",
/// immediately. Other tags of the manifest and the manifest itself stay.
fn a_deleted_tag_is_gone_and_its_manifest_stays(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    registry.put(&name, "v2", &image).is(201);
    let path = format!("/v2/{name}/manifests/v1");
    registry.delete(&path).is(202);
    registry.head(&path).is(404);
    registry.get(&path).is_error(404, "MANIFEST_UNKNOWN");
    registry.get(&format!("/v2/{name}/manifests/v2")).is(200);
    registry.get(&image.path(&name)).is(200).body_is(&image.raw);
    let tags = registry
        .get(&format!("/v2/{name}/tags/list"))
        .is(200)
        .json();
    assert_eq!(tags["tags"], json!(["v2"]));
}

/// "A GET to /v2/<name>/manifests/<digest> and any tag pointing to that digest will return a
/// 404."
fn a_deleted_manifest_is_gone_with_its_tags(registry: &Served) {
    for algorithm in ALGORITHMS {
        let name = registry.repository();
        let kept = registry.image(&name, "kept");
        let image = kept.another().under(algorithm);
        let reference = format!("{}?tag=v1&tag=v2", image.digest);
        registry.put(&name, &reference, &image).is(201);
        registry.delete(&image.path(&name)).is(202);
        for path in [
            image.path(&name),
            format!("/v2/{name}/manifests/v1"),
            format!("/v2/{name}/manifests/v2"),
        ] {
            registry.head(&path).is(404);
            registry.get(&path).is_error(404, "MANIFEST_UNKNOWN");
        }
        let tags = registry
            .get(&format!("/v2/{name}/tags/list"))
            .is(200)
            .json();
        assert_eq!(tags["tags"], json!(["kept"]));
        registry.get(&kept.path(&name)).is(200);
    }
}

/// 202, and immediately a 404 for `GET` and `HEAD`.
fn a_deleted_blob_is_gone(registry: &Served) {
    let name = registry.repository();
    for algorithm in ALGORITHMS {
        for length in [0, 2, 5000] {
            let content = Content::with(algorithm, length);
            registry.blob(&name, &content);
            registry.delete(&content.path(&name)).is(202);
            registry.head(&content.path(&name)).is(404);
            registry
                .get(&content.path(&name))
                .is_error(404, "BLOB_UNKNOWN");
            registry
                .delete(&content.path(&name))
                .is_error(404, "BLOB_UNKNOWN");
        }
    }
}

/// "If the repository does not exist, the response MUST return 404"; "if the blob is not found, a
/// 404 code MUST be returned"; the same for tags and manifests.
fn what_is_absent_cannot_be_deleted(registry: &Served) {
    let (name, never) = (registry.repository(), registry.repository());
    registry.image(&name, "v1");
    let digest = Content::new(8).digest;
    for name in [&name, &never] {
        registry
            .delete(&format!("/v2/{name}/blobs/{digest}"))
            .is(404);
        for reference in ["absent", &digest.to_string()] {
            registry
                .delete(&format!("/v2/{name}/manifests/{reference}"))
                .is(404);
        }
    }
}

/// "If blob deletion is disabled, the registry MUST respond with either a 400 or a 405": it is
/// disabled for a blob that a manifest of the repository needs. After the last such manifest was
/// deleted, the blob can be deleted.
fn a_blob_that_a_manifest_names_stays(registry: &Served) {
    let name = registry.repository();
    let (config, layer) = (Content::new(64), Content::new(512));
    registry.blob(&name, &config);
    registry.blob(&name, &layer);
    let first = image(&config, &[&layer]);
    let second = first.another();
    registry.put(&name, "v1", &first).is(201);
    registry.put(&name, "v2", &second).is(201);
    for document in [&first, &second] {
        for content in [&config, &layer] {
            registry
                .delete(&content.path(&name))
                .is_error(405, "UNSUPPORTED");
            let blob = registry.get(&content.path(&name)).is(200);
            blob.body_is(&content.bytes);
        }
        registry.delete(&document.path(&name)).is(202);
    }
    for content in [&config, &layer] {
        registry.delete(&content.path(&name)).is(202);
        registry.get(&content.path(&name)).is(404);
    }
}

/// Manifests are deleted one by one: an index neither protects the manifests that it names nor
/// deletes them.
fn parts_of_an_index_can_be_deleted(registry: &Served) {
    let name = registry.repository();
    let (first, second) = (registry.image(&name, "a"), registry.image(&name, "b"));
    let list = index(&[&first, &second]);
    registry.put(&name, "list", &list).is(201);
    registry.delete(&first.path(&name)).is(202);
    let reply = registry.get(&format!("/v2/{name}/manifests/list"));
    reply.is(200).body_is(&list.raw);
    registry.delete(&list.path(&name)).is(202);
    registry.get(&second.path(&name)).is(200);
}

/// Deletion leaves no trace: tag, manifest and blob can be pushed again.
fn what_was_deleted_can_be_pushed_again(registry: &Served) {
    let name = registry.repository();
    let (config, layer) = (Content::new(64), Content::new(512));
    let image = image(&config, &[&layer]);
    for way in Way::ALL {
        for content in [&config, &layer] {
            way.push(registry, &name, &content.digest, &content.bytes)
                .is(201);
        }
        registry.put(&name, "v1", &image).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/v1"))
            .is(200)
            .body_is(&image.raw);
        registry.delete(&format!("/v2/{name}/manifests/v1")).is(202);
        registry.delete(&image.path(&name)).is(202);
        for content in [&config, &layer] {
            registry.delete(&content.path(&name)).is(202);
            registry.get(&content.path(&name)).is(404);
        }
    }
}

/// Content of another repository with the same digest stays.
fn deletion_stays_in_its_repository(registry: &Served) {
    let (name, other) = (registry.repository(), registry.repository());
    let (config, layer) = (Content::new(64), Content::new(512));
    let image = image(&config, &[&layer]);
    for name in [&name, &other] {
        registry.blob(name, &config);
        registry.blob(name, &layer);
        registry.put(name, "v1", &image).is(201);
    }
    registry.delete(&image.path(&name)).is(202);
    registry.delete(&config.path(&name)).is(202);
    registry.delete(&layer.path(&name)).is(202);
    registry
        .get(&format!("/v2/{other}/manifests/v1"))
        .is(200)
        .body_is(&image.raw);
    let blob = registry.get(&layer.path(&other)).is(200);
    blob.body_is(&layer.bytes);
    registry.get(&config.path(&other)).is(200);
}

/// "UNSUPPORTED: the operation is unsupported".
fn methods_that_an_endpoint_does_not_have_are_405(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for (method, path) in [
        ("DELETE", "/v2/".to_owned()),
        ("PUT", format!("/v2/{name}/tags/list")),
        ("DELETE", format!("/v2/{name}/tags/list")),
        ("POST", format!("/v2/{name}/referrers/{}", image.digest)),
        ("POST", format!("/v2/{name}/manifests/v1")),
        ("PATCH", format!("/v2/{name}/manifests/v1")),
        ("PUT", format!("/v2/{name}/blobs/{}", image.digest)),
        ("GET", format!("/v2/{name}/blobs/uploads/")),
    ] {
        let reply = registry.request(method, &path).send();
        reply.is_error(405, "UNSUPPORTED");
    }
}
