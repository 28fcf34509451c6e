//! "Mounting a blob from another repository" (end-11).

use crate::harness::{ALGORITHMS, Content, Reply, Served, encoded};

on_every_backend!(
    a_blob_is_mounted_from_its_repository,
    a_blob_is_mounted_from_wherever_it_is,
    what_cannot_be_mounted_begins_an_upload,
    a_mounted_blob_belongs_to_both,
    a_mounted_blob_can_be_named_by_a_manifest,
    mounting_what_is_there_already_changes_nothing,
    a_mount_of_no_digest_is_refused,
);

#[track_caller]
fn mount(registry: &Served, name: &str, content: &Content, from: Option<&str>) -> Reply {
    let mut path = format!(
        "/v2/{name}/blobs/uploads/?mount={}",
        encoded(&content.digest.to_string())
    );
    if let Some(from) = from {
        path.push_str(&format!("&from={}", encoded(from)));
    }
    registry.request("POST", &path).send()
}

/// "The response to a successful mount MUST be 201, and MUST contain" `Location`, the URL of the
/// blob in the repository that it was mounted to; no byte is sent.
fn a_blob_is_mounted_from_its_repository(registry: &Served) {
    for algorithm in ALGORITHMS {
        let (from, to) = (registry.repository(), registry.repository());
        let content = Content::with(algorithm, 512);
        registry.blob(&from, &content);
        let reply = mount(registry, &to, &content, Some(&from))
            .is(201)
            .has("docker-content-digest", &content.digest.to_string());
        for path in [reply.location(), content.path(&to)] {
            registry.get(&path).is(200).body_is(&content.bytes);
        }
    }
}

/// "The registry MAY treat the `from` parameter as optional, and it MAY cross-mount the blob if
/// it can be found."
fn a_blob_is_mounted_from_wherever_it_is(registry: &Served) {
    for algorithm in ALGORITHMS {
        let (from, to) = (registry.repository(), registry.repository());
        let content = Content::with(algorithm, 512);
        registry.blob(&from, &content);
        let reply = mount(registry, &to, &content, None)
            .is(201)
            .has("docker-content-digest", &content.digest.to_string());
        let blob = registry.get(&reply.location()).is(200);
        blob.body_is(&content.bytes);
    }
}

/// "If a registry is unable to mount the requested blob, it SHOULD return a 202. This indicates
/// that the upload session has begun and that the client MAY proceed with the upload."
fn what_cannot_be_mounted_begins_an_upload(registry: &Served) {
    for algorithm in ALGORITHMS {
        let (empty, other, to) = (
            registry.repository(),
            registry.repository(),
            registry.repository(),
        );
        registry.image(&empty, "v1");
        let content = Content::with(algorithm, 512);
        for from in [
            Some(empty.as_str()),
            Some("never/pushed"),
            Some("NO/NAME"),
            None,
        ] {
            let reply = mount(registry, &to, &content, from).is(202);
            registry.get(&reply.location()).is(204);
            registry.get(&content.path(&to)).is(404);
        }
        // Another repository has it, but not the named one.
        registry.blob(&other, &content);
        let reply = mount(registry, &to, &content, Some(&empty)).is(202);
        let path = format!("{}?digest={}", reply.location(), content.digest);
        let reply = registry.request("PUT", &path).body(&content.bytes).send();
        let reply = reply.is(201);
        let blob = registry.get(&reply.location()).is(200);
        blob.body_is(&content.bytes);
    }
}

/// A blob that is deleted in one repository stays in the other, and the other way round.
fn a_mounted_blob_belongs_to_both(registry: &Served) {
    let (from, to, third) = (
        registry.repository(),
        registry.repository(),
        registry.repository(),
    );
    let content = Content::new(512);
    registry.blob(&from, &content);
    mount(registry, &to, &content, Some(&from)).is(201);
    registry.delete(&content.path(&from)).is(202);
    registry.get(&content.path(&from)).is(404);
    let blob = registry.get(&content.path(&to)).is(200);
    blob.body_is(&content.bytes);
    mount(registry, &third, &content, Some(&to)).is(201);
    registry.delete(&content.path(&to)).is(202);
    registry.get(&content.path(&to)).is(404);
    registry.get(&content.path(&third)).is(200);
}

/// "This step is usually taken in place of the POST request": afterwards the blob is in the
/// repository, as after a push.
fn a_mounted_blob_can_be_named_by_a_manifest(registry: &Served) {
    let (from, to) = (registry.repository(), registry.repository());
    let (config, layer) = (Content::new(64), Content::new(512));
    let image = crate::harness::image(&config, &[&layer]);
    for content in [&config, &layer] {
        registry.blob(&from, content);
        registry
            .put(&to, "v1", &image)
            .is_error(404, "MANIFEST_BLOB_UNKNOWN");
        mount(registry, &to, content, Some(&from)).is(201);
    }
    registry.put(&to, "v1", &image).is(201);
}

/// Checked with a second mount, and with a mount from the repository itself.
fn mounting_what_is_there_already_changes_nothing(registry: &Served) {
    let (from, to) = (registry.repository(), registry.repository());
    let content = Content::new(512);
    registry.blob(&from, &content);
    for from in [&from, &from, &to] {
        mount(registry, &to, &content, Some(from)).is(201);
    }
    registry.get(&content.path(&to)).is(200);
}

/// "Pushing blobs": an invalid digest SHOULD be answered with 400.
fn a_mount_of_no_digest_is_refused(registry: &Served) {
    let name = registry.repository();
    for digest in [
        "sha256:baddigeststring",
        "",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
    ] {
        let path = format!("/v2/{name}/blobs/uploads/?mount={digest}&from={name}");
        let reply = registry.request("POST", &path).send();
        reply.is_error(400, "DIGEST_INVALID");
    }
}
