//! "Pushing Manifests" (end-7a), and "Push": the content that a manifest may name.

use lazaret_oci::{Descriptor, MAX_MANIFEST_BYTES, media_type};
use serde_json::{Value, json};

use crate::harness::{
    Content, Document, EXAMPLE, Served, artifact, descriptor, docker_image, image, image_over,
    index,
};

on_every_backend!(
    a_push_ends_at_the_manifest,
    the_bytes_are_kept_as_they_are,
    a_digest_in_the_path_is_that_of_the_bytes,
    a_push_by_digest_makes_no_tag,
    a_manifest_can_be_pushed_again,
    every_blob_must_be_there,
    blobs_must_be_there_whatever_the_types_are,
    blobs_of_another_repository_do_not_count,
    layers_that_are_kept_elsewhere_need_not_be_there,
    an_index_may_name_what_is_not_there,
    indexes_may_name_indexes,
    types_that_nobody_knows_are_taken,
    a_list_of_layers_may_be_empty,
    lists_may_be_null,
    fields_that_nobody_knows_are_kept,
    content_that_is_no_manifest_is_refused,
    a_type_that_contradicts_the_content_is_refused,
    manifests_of_four_mebibytes_are_taken,
    larger_manifests_are_413,
);

/// Pushes the blobs of an image; its manifest is not pushed yet.
fn pushed(registry: &Served, name: &str) -> (Content, Content, Document) {
    let (config, layer) = (Content::new(64), Content::new(512));
    registry.blob(name, &config);
    registry.blob(name, &layer);
    let image = image(&config, &[&layer]);
    (config, layer, image)
}

/// "MUST return response code 201, and MUST have" `Location`, "a pullable manifest URL"; the digest
/// is that of the bytes.
fn a_push_ends_at_the_manifest(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    for reference in ["v1", &image.digest.to_string()] {
        let reply = registry
            .put(&name, reference, &image)
            .is(201)
            .has("docker-content-digest", &image.digest.to_string())
            .has_no("oci-subject");
        registry
            .get(&reply.location())
            .is(200)
            .has("content-type", &image.media_type)
            .body_is(&image.raw);
    }
}

/// "The registry MUST store the manifest in the exact byte representation provided by the client":
/// with its spaces, order of members and escapes.
fn the_bytes_are_kept_as_they_are(registry: &Served) {
    let name = registry.repository();
    let (config, layer, _) = pushed(registry, &name);
    let raw = format!(
        "\n{{ \"layers\":[ {} ],\t\"schemaVersion\" : 2,\r\n \"config\": {}, \
         \"annotations\":{{\"\\u0061\":\"\\u00e9 \\/ é\"}}, \"mediaType\":\"{}\"}} \n\n",
        descriptor(media_type::LAYER, &layer),
        descriptor(media_type::IMAGE_CONFIG, &config),
        media_type::MANIFEST
    );
    let document = Document::raw(raw.as_bytes(), media_type::MANIFEST);
    registry.put(&name, "v1", &document).is(201);
    for path in [format!("/v2/{name}/manifests/v1"), document.path(&name)] {
        registry.get(&path).is(200).body_is(&document.raw);
    }
}

/// "Docker-Content-Digest MUST be equal to the client provided digest": a wrong digest is refused
/// with 400, and no tag is made.
fn a_digest_in_the_path_is_that_of_the_bytes(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    let spaced = [&image.raw[..], b"  "].concat();
    let spaced = Document::raw(&spaced, media_type::MANIFEST);
    registry
        .put(&name, &image.digest.to_string(), &spaced)
        .is_error(400, "DIGEST_INVALID");
    for document in [&image, &spaced] {
        registry.get(&document.path(&name)).is(404);
    }
}

/// Only a push to a tag makes a tag.
fn a_push_by_digest_makes_no_tag(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    let digest = image.digest.to_string();
    registry
        .put(&name, &digest, &image)
        .is(201)
        .has_no("oci-tag");
    let tags = registry
        .get(&format!("/v2/{name}/tags/list"))
        .is(200)
        .json();
    assert_eq!(tags["tags"], json!([]));
}

/// The same manifest is pushed again, and under more names.
fn a_manifest_can_be_pushed_again(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    for tag in ["v1", "v1", "v2", "v1"] {
        registry.put(&name, tag, &image).is(201);
    }
    let tags = registry
        .get(&format!("/v2/{name}/tags/list"))
        .is(200)
        .json();
    assert_eq!(tags["tags"], json!(["v1", "v2"]));
}

/// "Push": a manifest that names missing content MAY be refused; then "it MUST result in one or
/// more MANIFEST_BLOB_UNKNOWN errors". This registry refuses it, with one error for each blob, and
/// stores nothing.
fn every_blob_must_be_there(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "other");
    let (config, layers) = (Content::new(8), [Content::new(8), Content::new(9)]);
    let image = image(&config, &[&layers[0], &layers[1]]);
    let mut missing = vec![&config, &layers[0], &layers[1]];
    while let Some(content) = missing.last() {
        for reference in ["v1", &image.digest.to_string()] {
            let reply = registry
                .put(&name, reference, &image)
                .is_error(404, "MANIFEST_BLOB_UNKNOWN");
            let errors = reply.json()["errors"].as_array().unwrap().clone();
            assert_eq!(errors.len(), missing.len(), "{reply:?}");
            for content in &missing {
                let digest = content.digest.to_string();
                assert!(String::from_utf8_lossy(&reply.body).contains(&digest));
            }
        }
        registry.get(&format!("/v2/{name}/manifests/v1")).is(404);
        registry.get(&image.path(&name)).is(404);
        registry.blob(&name, content);
        missing.pop();
    }
    registry.put(&name, "v1", &image).is(201);
}

/// The same for artifacts, for Docker's types and for the empty descriptor, even if the descriptor
/// contains the content.
fn blobs_must_be_there_whatever_the_types_are(registry: &Served) {
    let name = registry.repository();
    let empty = Content::of(lazaret_oci::Algorithm::Sha256, b"{}");
    let (config, layer) = (Content::new(8), Content::new(8));
    let mut inline = descriptor(media_type::EMPTY, &empty);
    inline["data"] = json!("e30=");
    for document in [
        artifact(EXAMPLE, &empty, &layer),
        docker_image(&config, &layer),
        image_over(inline, Vec::new()),
        image_over(json!(Descriptor::empty()), Vec::new()),
    ] {
        registry
            .put(&name, "v1", &document)
            .is_error(404, "MANIFEST_BLOB_UNKNOWN");
    }
    registry.get(&format!("/v2/{name}/manifests/v1")).is(404);
}

/// "A manifest or blob that does not exist in the registry": only blobs of the repository count.
fn blobs_of_another_repository_do_not_count(registry: &Served) {
    let (name, other) = (registry.repository(), registry.repository());
    let (.., image) = pushed(registry, &other);
    registry
        .put(&name, "v1", &image)
        .is_error(404, "MANIFEST_BLOB_UNKNOWN");
    registry.put(&other, "v1", &image).is(201);
}

/// Image specification, "Non-distributable layers": they have URLs and are not pushed.
fn layers_that_are_kept_elsewhere_need_not_be_there(registry: &Served) {
    let name = registry.repository();
    let (config, layer, _) = pushed(registry, &name);
    for kind in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ] {
        let elsewhere = Content::new(16);
        let mut far = descriptor(kind, &elsewhere);
        far["urls"] = json!([format!("https://store.example/{}", elsewhere.digest)]);
        let near = descriptor(media_type::LAYER_GZIP, &layer);
        let config = descriptor(media_type::IMAGE_CONFIG, &config);
        let image = image_over(config, vec![far, near]);
        registry.put(&name, "v1", &image).is(201);
        registry.get(&image.path(&name)).is(200).body_is(&image.raw);
    }
}

/// A sparse index may name platforms that were not mirrored.
fn an_index_may_name_what_is_not_there(registry: &Served) {
    let name = registry.repository();
    let (config, layer, here) = pushed(registry, &name);
    registry.put(&name, &here.digest.to_string(), &here).is(201);
    let absent = image(&config, &[&layer]).another();
    let sparse = index(&[&here, &absent]);
    registry.put(&name, "sparse", &sparse).is(201);
    registry
        .get(&format!("/v2/{name}/manifests/sparse"))
        .is(200)
        .body_is(&sparse.raw);
    registry.get(&absent.path(&name)).is(404);
    // The manifest may be pushed later.
    registry
        .put(&name, &absent.digest.to_string(), &absent)
        .is(201);
}

/// An index of indexes may be pushed in any order.
fn indexes_may_name_indexes(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    let inner = [index(&[&image]), index(&[&image, &image])];
    let outer = index(&[&inner[0], &inner[1]]);
    for order in [
        [&image, &inner[0], &inner[1], &outer],
        [&outer, &inner[1], &inner[0], &image],
    ] {
        for document in order {
            let reference = document.digest.to_string();
            registry.put(&name, &reference, document).is(201);
        }
        for document in order {
            let reply = registry.get(&document.path(&name)).is(200);
            reply.body_is(&document.raw);
        }
        for document in order {
            registry.delete(&document.path(&name)).is(202);
        }
    }
}

/// "The specification is designed to be agnostic of content types."
fn types_that_nobody_knows_are_taken(registry: &Served) {
    let name = registry.repository();
    let (config, layer, _) = pushed(registry, &name);
    let unknown = image_over(
        descriptor("application/vnd.example.config+yaml", &config),
        vec![descriptor("text/x-anything; at=all", &layer)],
    );
    let typed = unknown.with("artifactType", json!("application/vnd.example.thing"));
    let listed = index(&[&typed]).with("artifactType", json!(EXAMPLE));
    for document in [unknown, typed, listed] {
        registry.put(&name, "v1", &document).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/v1"))
            .is(200)
            .body_is(&document.raw);
    }
}

/// "The list of blobs MAY be empty"; an index without manifests as well.
fn a_list_of_layers_may_be_empty(registry: &Served) {
    let name = registry.repository();
    let (config, ..) = pushed(registry, &name);
    for document in [image(&config, &[]), index(&[])] {
        registry.put(&name, "empty", &document).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/empty"))
            .is(200)
            .body_is(&document.raw);
    }
}

/// Some encoders write `null` for an empty list; it is accepted as an empty list.
fn lists_may_be_null(registry: &Served) {
    let name = registry.repository();
    let (config, ..) = pushed(registry, &name);
    let image = image(&config, &[]).with("layers", Value::Null);
    let image = image.with("annotations", Value::Null);
    let list = index(&[]).with("manifests", Value::Null);
    for document in [image, list] {
        registry.put(&name, "null", &document).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/null"))
            .is(200)
            .body_is(&document.raw);
    }
}

/// Image specification, "Extensibility": "MUST NOT generate an error if they encounter an unknown
/// property", in any place.
fn fields_that_nobody_knows_are_kept(registry: &Served) {
    let name = registry.repository();
    let (config, layer, _) = pushed(registry, &name);
    let mut layer = descriptor(media_type::LAYER, &layer);
    layer["org.example.extra"] = json!({"deep": [1, null, "x"]});
    layer["platform"] = json!({"os": "linux", "architecture": "amd64", "extra": true});
    let image = image_over(descriptor(media_type::IMAGE_CONFIG, &config), vec![layer]);
    let image = image.with("org.example.extra", json!([{}]));
    let mut entry = image.descriptor();
    entry["data"] = json!("AAAA");
    entry["extra"] = Value::Null;
    let listed = index(&[]).with("manifests", json!([entry]));
    let listed = listed.with("x", json!(0.5));
    for document in [image, listed] {
        registry.put(&name, "v1", &document).is(201);
        registry
            .get(&format!("/v2/{name}/manifests/v1"))
            .is(200)
            .body_is(&document.raw);
    }
}

/// "MANIFEST_INVALID: manifest invalid", and nothing is stored.
fn content_that_is_no_manifest_is_refused(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    let both = image.with("manifests", json!([]));
    let bad_digest = image.with(
        "config",
        json!({
            "mediaType": media_type::IMAGE_CONFIG, "digest": "sha256:x", "size": 1,
        }),
    );
    let bad_size = image.with(
        "config",
        json!({
            "mediaType": media_type::IMAGE_CONFIG, "digest": image.digest, "size": -1,
        }),
    );
    let first_version = image.with("schemaVersion", json!(1));
    for raw in [
        &b""[..],
        b"{}",
        b"[]",
        b"not json",
        b"{\"schemaVersion\":2",
        b"\xff\xfe",
        &both.raw,
        &bad_digest.raw,
        &bad_size.raw,
        &first_version.raw,
    ] {
        let document = Document::raw(raw, media_type::MANIFEST);
        for reference in ["v1", &document.digest.to_string()] {
            registry
                .put(&name, reference, &document)
                .is_error(400, "MANIFEST_INVALID");
        }
        registry.get(&document.path(&name)).is(404);
    }
    registry.get(&format!("/v2/{name}/manifests/v1")).is(404);
}

/// "Clients MUST set the Content-Type header to the value specified by the mediaType field":
/// another value is refused, because the manifest would later be read as that type.
fn a_type_that_contradicts_the_content_is_refused(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    for kind in [media_type::INDEX, media_type::DOCKER_MANIFEST] {
        let lying = Document::raw(&image.raw, kind);
        registry
            .put(&name, "v1", &lying)
            .is_error(400, "MANIFEST_INVALID");
    }
}

/// An image whose manifest has this many bytes.
fn of_length(image: &Document, length: usize) -> Document {
    let empty = image.with("annotations", json!({"x": ""}));
    let padding = "A".repeat(length - empty.raw.len());
    image.with("annotations", json!({"x": padding}))
}

/// "SHOULD expect to be able to support manifest pushes of at least 4 megabytes".
fn manifests_of_four_mebibytes_are_taken(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    for length in [3_900_000, 4_000_000, MAX_MANIFEST_BYTES] {
        let large = of_length(&image, length);
        for reference in ["large", &large.digest.to_string()] {
            registry.put(&name, reference, &large).is(201);
            let path = format!("/v2/{name}/manifests/{reference}");
            registry
                .head(&path)
                .is(200)
                .has("content-length", &length.to_string());
            registry.get(&path).is(200).body_is(&large.raw);
        }
    }
}

/// "A registry that enforces this limit SHOULD respond with 413", also to a push without a length.
fn larger_manifests_are_413(registry: &Served) {
    let name = registry.repository();
    let (.., image) = pushed(registry, &name);
    let large = of_length(&image, MAX_MANIFEST_BYTES + 1);
    registry.put(&name, "large", &large).is(413);
    let path = format!("/v2/{name}/manifests/large");
    registry
        .request("PUT", &path)
        .header("Content-Type", media_type::MANIFEST)
        .streamed(&large.raw)
        .send()
        .is(413);
    registry.get(&path).is(404);
}
