//! Malformed and unsupported digests, wherever a digest can occur: "Pushing blobs" requires 400 for
//! those that a client provides.

use crate::harness::{Content, Served, image};

on_every_backend!(
    a_malformed_digest_is_no_manifest,
    a_malformed_digest_is_no_blob,
    uploads_to_a_malformed_digest_are_refused,
    a_push_to_a_malformed_digest_is_refused,
    escaped_digests_are_the_same,
);

/// Digests that are wrong in different ways: length, alphabet, case, algorithm, empty.
const MALFORMED: [&str; 7] = [
    "sha256:baddigeststring",
    "sha256:",
    "sha256:0123456789abcdef",
    "sha256:ZZ5855d3f4a5a7c1e16af8c1c76a4b8f9c53b4c7c0ac57c1f9f1ab0d2f6f1f00",
    "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// "Pulling manifests": 404, or 400 for a reference that cannot exist.
fn a_malformed_digest_is_no_manifest(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    for digest in MALFORMED {
        let path = format!("/v2/{name}/manifests/{digest}");
        for method in ["GET", "HEAD", "DELETE"] {
            let reply = registry.request(method, &path).send();
            assert!(matches!(reply.status, 400 | 404), "{reply:?}");
        }
    }
}

/// The same for blobs.
fn a_malformed_digest_is_no_blob(registry: &Served) {
    let name = registry.repository();
    registry.image(&name, "v1");
    for digest in MALFORMED {
        let path = format!("/v2/{name}/blobs/{digest}");
        for method in ["GET", "HEAD", "DELETE"] {
            let reply = registry.request(method, &path).send();
            assert!(matches!(reply.status, 400 | 404), "{reply:?}");
        }
    }
}

/// "Pushing blobs": an invalid digest or unsupported algorithm gets 400, and so does a closing
/// `PUT` without the required digest.
fn uploads_to_a_malformed_digest_are_refused(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(100);
    for digest in MALFORMED {
        registry
            .request(
                "POST",
                &format!("/v2/{name}/blobs/uploads/?digest={digest}"),
            )
            .body(&content.bytes)
            .send()
            .is_error(400, "DIGEST_INVALID");
        let session = registry.session(&name);
        registry
            .request("PUT", &format!("{}?digest={digest}", session.location))
            .body(&content.bytes)
            .send()
            .is_error(400, "DIGEST_INVALID");
    }
    let session = registry.session(&name);
    for path in [
        session.location.clone(),
        format!("{}?digest=", session.location),
        format!("{}?digests={}", session.location, content.digest),
    ] {
        registry
            .request("PUT", &path)
            .body(&content.bytes)
            .send()
            .is_error(400, "DIGEST_INVALID");
    }
    registry.get(&content.path(&name)).is(404);
}

/// "Pushing Manifests": the reference is the digest of the manifest, or the push is refused with
/// 400.
fn a_push_to_a_malformed_digest_is_refused(registry: &Served) {
    let name = registry.repository();
    let (config, layer) = (Content::new(8), Content::new(8));
    registry.blob(&name, &config);
    registry.blob(&name, &layer);
    let image = image(&config, &[&layer]);
    for digest in MALFORMED {
        registry.put(&name, digest, &image).is(400);
    }
    registry.get(&image.path(&name)).is(404);
}

/// RFC 3986, section 2.4: `%3A` is a colon, which clients escape in paths and queries.
fn escaped_digests_are_the_same(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let content = Content::new(100);
    registry.blob(&name, &content);
    for (path, body) in [
        (image.path(&name), &image.raw),
        (content.path(&name), &content.bytes),
    ] {
        registry
            .get(&path.replace("sha256:", "sha256%3A"))
            .is(200)
            .body_is(body);
    }
}
