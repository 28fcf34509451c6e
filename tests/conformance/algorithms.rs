//! sha512 beside sha256, wherever there is a digest; "Pushing a blob in chunks" of the main branch:
//! `digest-algorithm` (end-4c).

use lazaret_oci::{Algorithm, Digest};
use serde_json::json;

use crate::harness::{ALGORITHMS, Content, Served, Way, image, index};

on_every_backend!(
    every_way_takes_every_algorithm,
    an_announced_algorithm_is_used,
    an_announcement_does_not_bind,
    unknown_algorithms_are_refused,
    wrong_content_is_refused_under_every_algorithm,
    manifests_have_digests_of_every_algorithm,
    a_tag_of_a_manifest_pushed_by_sha512_answers_with_it,
    content_may_name_content_of_the_other_algorithm,
    the_same_content_is_two_blobs,
);

/// Without an announcement, the digest of the last request decides.
fn every_way_takes_every_algorithm(registry: &Served) {
    let name = registry.repository();
    for algorithm in ALGORITHMS {
        for way in Way::ALL {
            for length in [512, 3 * 1024 - 5, 0] {
                let content = Content::with(algorithm, length);
                let reply = way
                    .push(registry, &name, &content.digest, &content.bytes)
                    .is(201)
                    .has("docker-content-digest", &content.digest.to_string());
                registry
                    .get(&reply.location())
                    .is(200)
                    .has("docker-content-digest", &content.digest.to_string())
                    .body_is(&content.bytes);
            }
        }
    }
}

/// "The post request SHOULD include the `digest-algorithm` parameter" when it is not sha256.
fn an_announced_algorithm_is_used(registry: &Served) {
    let name = registry.repository();
    for algorithm in ALGORITHMS {
        let query = format!("?digest-algorithm={}", algorithm.name());
        for way in Way::ALL {
            let content = Content::with(algorithm, 3 * 1024 - 5);
            way.push_with(registry, &name, &query, &content.digest, &content.bytes)
                .is(201);
            registry
                .get(&content.path(&name))
                .is(200)
                .body_is(&content.bytes);
        }
    }
}

/// One algorithm is announced, the upload is closed with the other: it is refused with 400, or
/// stored under the digest of its content, but never under a wrong one.
fn an_announcement_does_not_bind(registry: &Served) {
    let name = registry.repository();
    for (announced, used) in [
        (Algorithm::Sha512, Algorithm::Sha256),
        (Algorithm::Sha256, Algorithm::Sha512),
    ] {
        let query = format!("?digest-algorithm={}", announced.name());
        let content = Content::with(used, 5000);
        let reply = Way::Chunks.push_with(registry, &name, &query, &content.digest, &content.bytes);
        match reply.status {
            400 => drop(registry.get(&content.path(&name)).is(404)),
            _ => {
                reply.is(201);
                let blob = registry.get(&content.path(&name)).is(200);
                blob.body_is(&content.bytes);
            }
        }
    }
}

/// "If the client provided digest uses an unsupported algorithm, the registry SHOULD respond
/// with 400."
fn unknown_algorithms_are_refused(registry: &Served) {
    let name = registry.repository();
    for algorithm in ["md5", "sha1", "SHA512", "blake99", ""] {
        let path = format!("/v2/{name}/blobs/uploads/?digest-algorithm={algorithm}");
        let reply = registry.request("POST", &path).send();
        reply.is_error(400, "DIGEST_INVALID");
    }
}

/// "DIGEST_INVALID: provided digest did not match uploaded content".
fn wrong_content_is_refused_under_every_algorithm(registry: &Served) {
    let name = registry.repository();
    for algorithm in ALGORITHMS {
        for way in Way::ALL {
            let content = Content::with(algorithm, 3 * 1024 - 5);
            let wrong = [&content.bytes[..], b"oh no"].concat();
            way.push(registry, &name, &content.digest, &wrong)
                .is_error(400, "DIGEST_INVALID");
            registry.get(&content.path(&name)).is(404);
        }
    }
}

/// end-3, end-7: a reference may be a digest of any algorithm; the responses have the client's
/// digest.
fn manifests_have_digests_of_every_algorithm(registry: &Served) {
    let name = registry.repository();
    let base = registry.image(&name, "v1");
    for algorithm in ALGORITHMS {
        let image = base.another().under(algorithm);
        let digest = image.digest.to_string();
        let reply = registry.put(&name, &digest, &image).is(201);
        let reply = reply.has("docker-content-digest", &digest);
        for path in [reply.location(), image.path(&name)] {
            registry
                .get(&path)
                .is(200)
                .has("docker-content-digest", &digest)
                .body_is(&image.raw);
            let head = registry.head(&path).is(200);
            head.has("docker-content-digest", &digest);
        }
        let wrong = base.another().under(algorithm).digest.to_string();
        registry
            .put(&name, &wrong, &image)
            .is_error(400, "DIGEST_INVALID");
        registry.delete(&image.path(&name)).is(202);
        registry.get(&image.path(&name)).is(404);
    }
}

/// "Tag parameters" give a tag to a manifest with a sha512 digest.
fn a_tag_of_a_manifest_pushed_by_sha512_answers_with_it(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1").another();
    let image = image.under(Algorithm::Sha512);
    let reference = format!("{}?tag=long", image.digest);
    registry.put(&name, &reference, &image).is(201);
    for method in ["GET", "HEAD"] {
        let path = format!("/v2/{name}/manifests/long");
        registry
            .request(method, &path)
            .send()
            .is(200)
            .has("docker-content-digest", &image.digest.to_string());
    }
}

/// Images, indexes and subjects may have descriptors of either algorithm.
fn content_may_name_content_of_the_other_algorithm(registry: &Served) {
    let name = registry.repository();
    let config = Content::with(Algorithm::Sha256, 100);
    let layer = Content::with(Algorithm::Sha512, 100);
    let short = image(&config, &[&layer]);
    registry.blob(&name, &layer);
    registry
        .put(&name, "v1", &short)
        .is_error(404, "MANIFEST_BLOB_UNKNOWN");
    registry.blob(&name, &config);
    registry.put(&name, "v1", &short).is(201);
    let long = short.another().under(Algorithm::Sha512);
    registry.put(&name, &long.digest.to_string(), &long).is(201);
    let both = index(&[&short, &long]);
    registry.put(&name, "both", &both).is(201);
    let about = short.with("subject", long.descriptor());
    registry
        .put(&name, &about.digest.to_string(), &about)
        .is(201)
        .has("oci-subject", &long.digest.to_string());
    let path = format!("/v2/{name}/referrers/{}", long.digest);
    let entries = registry.get(&path).is(200).json()["manifests"].clone();
    assert_eq!(entries[0]["digest"], json!(about.digest));
}

/// A digest names content under its algorithm: pushing content under one algorithm does not make it
/// available under the other, and deleting one leaves the other.
fn the_same_content_is_two_blobs(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(1000);
    let long = Digest::with(Algorithm::Sha512, &content.bytes);
    registry.blob(&name, &content);
    let path = format!("/v2/{name}/blobs/{long}");
    registry.get(&path).is(404);
    Way::Post
        .push(registry, &name, &long, &content.bytes)
        .is(201);
    registry.delete(&content.path(&name)).is(202);
    registry.get(&path).is(200).body_is(&content.bytes);
}
