//! "Pushing Manifests with Subject".

use lazaret_oci::{Algorithm, Digest, media_type};
use serde_json::json;

use crate::harness::{Content, EXAMPLE, Served, index};

on_every_backend!(
    a_subject_is_acknowledged,
    a_subject_need_not_be_there,
    referrers_come_before_or_after_their_subject,
    a_subject_keeps_nothing_from_being_deleted,
    a_subject_that_is_none_is_refused,
);

/// "MUST respond with the response header OCI-Subject: <subject digest>", for manifests and
/// indexes, pushed by tag and by digest, with any subject.
fn a_subject_is_acknowledged(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    let list = index(&[&image]);
    registry.put(&name, "list", &list).is(201);
    for subject in [&image, &list] {
        for document in [image.another(), index(&[]).another()] {
            let document = document.with("subject", subject.descriptor());
            for reference in ["about", &document.digest.to_string()] {
                registry
                    .put(&name, reference, &document)
                    .is(201)
                    .has("oci-subject", &subject.digest.to_string());
            }
        }
    }
}

/// "A registry MUST initially accept an otherwise valid manifest with a subject field that
/// references a manifest that does not exist in the repository."
fn a_subject_need_not_be_there(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let absent = Content::with(algorithm, 123).digest;
        let about = image.with(
            "subject",
            json!({
                "mediaType": media_type::MANIFEST, "digest": absent, "size": 123,
            }),
        );
        let about = about.with("artifactType", json!(EXAMPLE));
        registry
            .put(&name, "about", &about)
            .is(201)
            .has("oci-subject", &absent.to_string());
        let path = format!("/v2/{name}/referrers/{absent}");
        let found = registry.get(&path).is(200).json()["manifests"].clone();
        assert_eq!(found[0]["digest"], json!(about.digest));
        registry
            .get(&format!("/v2/{name}/manifests/{absent}"))
            .is(404);
    }
}

/// "Allowing clients to push a manifest and referrers to that manifest in either order."
fn referrers_come_before_or_after_their_subject(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "base").another();
    let before = subject.another().with("subject", subject.descriptor());
    let after = subject.another().with("subject", subject.descriptor());
    for document in [&before, &subject, &after] {
        let reference = document.digest.to_string();
        registry.put(&name, &reference, document).is(201);
    }
    let path = format!("/v2/{name}/referrers/{}", subject.digest);
    let found = registry.get(&path).is(200).json()["manifests"].clone();
    assert_eq!(found.as_array().unwrap().len(), 2);
}

/// A subject can be deleted; its referrers stay and are still listed.
fn a_subject_keeps_nothing_from_being_deleted(registry: &Served) {
    let name = registry.repository();
    let subject = registry.image(&name, "v1");
    let about = subject.another().with("subject", subject.descriptor());
    let reference = about.digest.to_string();
    registry.put(&name, &reference, &about).is(201);
    registry.delete(&subject.path(&name)).is(202);
    registry.get(&about.path(&name)).is(200).body_is(&about.raw);
    let path = format!("/v2/{name}/referrers/{}", subject.digest);
    let found = registry.get(&path).is(200).json()["manifests"].clone();
    assert_eq!(found[0]["digest"], json!(about.digest));
}

/// An "otherwise valid" manifest: a subject without a digest is not valid.
fn a_subject_that_is_none_is_refused(registry: &Served) {
    let name = registry.repository();
    let image = registry.image(&name, "v1");
    for subject in [
        json!({"mediaType": media_type::MANIFEST, "digest": "sha256:x", "size": 1}),
        json!({"mediaType": media_type::MANIFEST, "size": 1}),
        json!("sha256:x"),
    ] {
        let broken = image.with("subject", subject);
        registry
            .put(&name, "v2", &broken)
            .is_error(400, "MANIFEST_INVALID");
    }
    let unset = Digest::of(b"nobody");
    registry
        .get(&format!("/v2/{name}/referrers/{unset}"))
        .is(200);
}
