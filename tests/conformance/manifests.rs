//! "Pulling manifests" (end-3).

use lazaret_oci::{Digest, media_type};
use serde_json::json;

use crate::harness::{Content, Document, Served, docker_image, index};

on_every_backend!(
    a_manifest_is_the_bytes_that_were_pushed,
    what_a_client_accepts_changes_nothing,
    the_type_is_the_one_that_was_pushed,
    the_type_has_no_parameters,
    absent_manifests_are_404,
    a_repository_that_is_not_there_is_404,
    manifests_belong_to_their_repository,
    a_moved_tag_leaves_the_old_manifest,
);

/// "MUST provide the expected manifest, with a response code that MUST be 200", with its type, and
/// its digest in `Docker-Content-Digest`; by tag and by digest.
fn a_manifest_is_the_bytes_that_were_pushed(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for path in [format!("/v2/{name}/manifests/v1"), image.path(&name)] {
        registry
            .get(&path)
            .is(200)
            .has("content-type", media_type::MANIFEST)
            .has("content-length", &image.raw.len().to_string())
            .has("docker-content-digest", &image.digest.to_string())
            .body_is(&image.raw);
    }
}

/// Clients SHOULD send `Accept`. Stored manifests are never converted, so it has no effect: neither
/// one header, nor several, nor types that do not match.
fn what_a_client_accepts_changes_nothing(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let path = format!("/v2/{name}/manifests/v1");
    for accepted in [
        &[media_type::INDEX, media_type::MANIFEST][..],
        &["application/json"],
        &[media_type::DOCKER_MANIFEST],
        &["*/*"],
    ] {
        let mut request = registry.request("GET", &path);
        for accept in accepted {
            request = request.header("Accept", accept);
        }
        request
            .send()
            .is(200)
            .has("content-type", media_type::MANIFEST)
            .body_is(&image.raw);
    }
}

/// "The Content-Type header SHOULD match what the client pushed", for each known type, and for
/// manifests that do not contain their type.
fn the_type_is_the_one_that_was_pushed(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let (config, layer) = (Content::new(10), Content::new(10));
    registry.blob(&name, &config);
    registry.blob(&name, &layer);
    let docker = docker_image(&config, &layer);
    let list = index(&[&docker]).with("mediaType", json!(media_type::DOCKER_INDEX));
    let mut unnamed = image.another().value();
    unnamed.as_object_mut().unwrap().remove("mediaType");
    let unnamed = Document::raw(&serde_json::to_vec(&unnamed).unwrap(), media_type::MANIFEST);
    for document in [docker, list, index(&[&image]), unnamed] {
        registry.put(&name, "type", &document).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/type"))
            .is(200)
            .has("content-type", &document.media_type)
            .body_is(&document.raw);
    }
}

/// "The registry SHOULD NOT include parameters on the Content-Type header" and "SHOULD ignore"
/// those that come with a push.
fn the_type_has_no_parameters(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1").another();
    let path = format!("/v2/{name}/manifests/v2");
    let kind = format!("{}; charset=utf-8", media_type::MANIFEST);
    registry
        .request("PUT", &path)
        .header("Content-Type", &kind)
        .body(&image.raw)
        .send()
        .is(201);
    registry
        .get(&path)
        .is(200)
        .has("content-type", media_type::MANIFEST);
}

/// "If the manifest is not found in the repository, the response code MUST be 404."
fn absent_manifests_are_404(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    let absent = Digest::of(b"absent").to_string();
    for reference in ["v2", "V1", "v", &absent] {
        let path = format!("/v2/{name}/manifests/{reference}");
        registry.get(&path).is_error(404, "MANIFEST_UNKNOWN");
        registry.head(&path).is(404);
    }
}

/// "Pushing Manifests": "An attempt to pull a nonexistent repository MUST return 404."
fn a_repository_that_is_not_there_is_404(registry: &Served) {
    let name = registry.repository();
    let absent = Digest::of(b"absent");
    for path in [
        format!("/v2/{name}/manifests/v1"),
        format!("/v2/{name}/manifests/{absent}"),
        format!("/v2/{name}/blobs/{absent}"),
    ] {
        registry.get(&path).is(404);
        registry.head(&path).is(404);
    }
}

/// "If the manifest is not found *in the repository*": the manifest of another repository does not
/// count.
fn manifests_belong_to_their_repository(registry: &Served) {
    let (name, other) = (registry.repository(), registry.repository());
    let image = registry.image(&name, "v1");
    registry.image(&other, "v2");
    registry.get(&image.path(&other)).is(404);
    registry.get(&format!("/v2/{other}/manifests/v1")).is(404);
}

/// A tag refers to one manifest, the last that was pushed to it; the previous one can still be
/// pulled by digest.
fn a_moved_tag_leaves_the_old_manifest(registry: &Served) {
    let name = registry.repository();
    let first = registry.image(&name, "latest");
    let second = registry.image(&name, "latest");
    assert_ne!(first.digest, second.digest);
    registry
        .get(&format!("/v2/{name}/manifests/latest"))
        .is(200)
        .body_is(&second.raw);
    registry.get(&first.path(&name)).is(200).body_is(&first.raw);
}
