//! "Pushing a blob monolithically", with `POST` alone (end-4b) and with `POST` then `PUT` (end-4a,
//! end-6), and requirements on all ways to push.

use crate::harness::{Content, Served, Way, unique};

on_every_backend!(
    every_way_ends_at_the_blob,
    a_session_has_a_place_of_its_own,
    the_place_of_an_upload_may_be_absolute_or_not,
    content_that_is_not_the_digest_is_refused_in_every_way,
    content_that_is_too_short_is_refused_in_every_way,
    a_blob_can_be_pushed_again,
    well_known_blobs_can_be_pushed_in_every_way,
    parameters_that_nobody_knows_are_ignored,
    a_finished_upload_is_over,
    an_upload_belongs_to_its_repository,
    uploads_at_once_do_not_touch_each_other,
);

/// "Successful completion of the request MUST return 201 and MUST include Location", which is
/// "a pullable blob URL"; the digest is the client's.
fn every_way_ends_at_the_blob(registry: &Served) {
    let name = registry.repository();
    for way in Way::ALL {
        for length in [512, 3 * 1024 - 5, 300_000] {
            let content = Content::new(length);
            let reply = way.push(registry, &name, &content.digest, &content.bytes);
            let reply = reply
                .is(201)
                .has("docker-content-digest", &content.digest.to_string());
            let blob = registry.get(&reply.location()).is(200);
            blob.body_is(&content.bytes);
            registry.head(&content.path(&name)).is(200);
        }
    }
}

/// "Registries MUST support concurrent uploads", each with a location of its own.
fn a_session_has_a_place_of_its_own(registry: &Served) {
    let name = registry.repository();
    let (first, second) = (registry.session(&name), registry.session(&name));
    assert_ne!(first.location, second.location);
}

/// "The location MAY be absolute or it MAY be relative": in both cases it leads to an upload
/// session of this registry, with or without a slash after `uploads`.
fn the_place_of_an_upload_may_be_absolute_or_not(registry: &Served) {
    let name = registry.repository();
    for end in ["", "/"] {
        let path = format!("/v2/{name}/blobs/uploads{end}");
        let reply = registry.request("POST", &path).send().is(202);
        registry.get(&reply.location()).is(204);
    }
}

/// "The digest MUST match the blob's digest"; "if the client provided digest is invalid, the
/// registry SHOULD respond with 400". Afterwards no blob can be read, not even under the content's
/// true digest.
fn content_that_is_not_the_digest_is_refused_in_every_way(registry: &Served) {
    let name = registry.repository();
    for way in Way::ALL {
        for length in [3 * 1024 - 5, 0] {
            let content = Content::new(length);
            let wrong = [&content.bytes[..], unique().as_bytes()].concat();
            way.push(registry, &name, &content.digest, &wrong)
                .is_error(400, "DIGEST_INVALID");
            registry.get(&content.path(&name)).is(404);
            let actual = Content::of(content.digest.algorithm(), &wrong);
            registry.get(&actual.path(&name)).is(404);
        }
    }
}

/// The same for content that is too short.
fn content_that_is_too_short_is_refused_in_every_way(registry: &Served) {
    let name = registry.repository();
    for way in Way::ALL {
        let content = Content::new(3 * 1024 - 5);
        let part = &content.bytes[..2 * 1024];
        way.push(registry, &name, &content.digest, part)
            .is_error(400, "DIGEST_INVALID");
        registry.get(&content.path(&name)).is(404);
    }
}

/// "Layer Upload De-duplication": a push of an existing blob is not an error.
fn a_blob_can_be_pushed_again(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(5000);
    for _ in 0..2 {
        for way in Way::ALL {
            way.push(registry, &name, &content.digest, &content.bytes)
                .is(201);
        }
    }
    registry
        .get(&content.path(&name))
        .is(200)
        .body_is(&content.bytes);
}

/// The blob of zero bytes and the empty JSON object are pushed, read and deleted like other blobs.
fn well_known_blobs_can_be_pushed_in_every_way(registry: &Served) {
    let name = registry.repository();
    for bytes in [&b""[..], b"{}"] {
        let content = Content::of(lazaret_oci::Algorithm::Sha256, bytes);
        for way in Way::ALL {
            let reply = way.push(registry, &name, &content.digest, bytes).is(201);
            registry.get(&reply.location()).is(200).body_is(bytes);
            registry.delete(&content.path(&name)).is(202);
            registry.get(&content.path(&name)).is(404);
        }
    }
}

/// RFC 3986 and "Extensions": unknown parameters are ignored.
fn parameters_that_nobody_knows_are_ignored(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(100);
    let path = format!("/v2/{name}/blobs/uploads/?x=1&digest={}&y", content.digest);
    let request = registry.request("POST", &path).body(&content.bytes);
    request.send().is(201);
}

/// "The session MUST be closed with a PUT request": afterwards it does not exist any more (end-13:
/// 404).
fn a_finished_upload_is_over(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(100);
    let mut session = registry.session(&name);
    let reply = session.finish(&content.digest).body(&content.bytes).send();
    reply.is(201);
    session.status().is_error(404, "BLOB_UPLOAD_UNKNOWN");
    session
        .patch(0, b"more")
        .is_error(404, "BLOB_UPLOAD_UNKNOWN");
    session.cancel().is_error(404, "BLOB_UPLOAD_UNKNOWN");
}

/// A session belongs to one repository; under the name of another one it does not exist.
fn an_upload_belongs_to_its_repository(registry: &Served) {
    let (name, other) = (registry.repository(), registry.repository());
    let content = Content::new(100);
    let session = registry.session(&name);
    let foreign = session.location.replacen(&name, &other, 1);
    for (method, path) in [
        ("GET", foreign.clone()),
        ("PATCH", foreign.clone()),
        ("DELETE", foreign.clone()),
        ("PUT", format!("{foreign}?digest={}", content.digest)),
    ] {
        registry
            .request(method, &path)
            .send()
            .is_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
    let reply = session.finish(&content.digest).body(&content.bytes).send();
    reply.is(201);
}

/// "Concurrent uploads from one or more clients": of equal and of different content, with
/// alternating chunks.
fn uploads_at_once_do_not_touch_each_other(registry: &Served) {
    let name = registry.repository();
    let same = Content::new(3 * 1024 - 5);
    let contents = [same.clone(), Content::new(3 * 1024 - 5), same];
    let mut sessions: Vec<_> = contents.iter().map(|_| registry.session(&name)).collect();
    let chunk = sessions[0].chunk;
    for start in (0..contents[0].bytes.len()).step_by(chunk) {
        for (session, content) in sessions.iter_mut().zip(&contents) {
            let end = content.bytes.len().min(start + chunk);
            session.patch(start, &content.bytes[start..end]).is(202);
        }
    }
    for (session, content) in sessions.iter().zip(&contents) {
        let reply = session.finish(&content.digest).send().is(201);
        let blob = registry.get(&reply.location()).is(200);
        blob.body_is(&content.bytes);
    }
}
