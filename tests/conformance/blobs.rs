//! "Pulling blobs" (end-2).

use crate::harness::{ALGORITHMS, Content, Served};

on_every_backend!(
    a_blob_is_the_bytes_that_were_pushed,
    absent_blobs_are_404,
    blobs_belong_to_their_repository,
    manifests_are_no_blobs,
);

/// "MUST provide the expected blob, with a response code that MUST be 200", with its digest in
/// `Docker-Content-Digest`; for sizes around all limits.
fn a_blob_is_the_bytes_that_were_pushed(registry: &Served) {
    let name = registry.repository();
    for length in [0, 1, 4095, 4096, 65_537, 3_000_000] {
        for algorithm in ALGORITHMS {
            let content = Content::with(algorithm, length);
            registry.blob(&name, &content);
            registry
                .get(&content.path(&name))
                .is(200)
                .has("content-length", &length.to_string())
                .has("docker-content-digest", &content.digest.to_string())
                .body_is(&content.bytes);
        }
    }
}

/// "If the blob is not found in the repository, the response code MUST be 404."
fn absent_blobs_are_404(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    for algorithm in ALGORITHMS {
        let absent = Content::with(algorithm, 16);
        registry
            .get(&absent.path(&name))
            .is_error(404, "BLOB_UNKNOWN");
        registry.head(&absent.path(&name)).is(404);
    }
}

/// "Not found *in the repository*": content of another repository is neither returned nor revealed.
fn blobs_belong_to_their_repository(registry: &Served) {
    let (name, other) = (registry.repository(), registry.repository());
    registry.image(&other, "v1");
    let content = Content::new(100);
    registry.blob(&name, &content);
    registry
        .get(&content.path(&other))
        .is_error(404, "BLOB_UNKNOWN");
    registry.head(&content.path(&other)).is(404);
    registry.delete(&content.path(&other)).is(404);
    registry.get(&content.path(&name)).is(200);
}

/// Manifests and blobs are different kinds of content: what was pushed as one cannot be read as the
/// other.
fn manifests_are_no_blobs(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let content = Content::new(100);
    registry.blob(&name, &content);
    let path = format!("/v2/{name}/blobs/{}", image.digest);
    registry.get(&path).is(404);
    let path = format!("/v2/{name}/manifests/{}", content.digest);
    registry.get(&path).is(404);
}
