//! Tests of "Pulling manifests", "Pushing manifests" and "Deleting".

use lazaret_oci::{Algorithm, Descriptor, Digest, MAX_MANIFEST_BYTES, media_type};
use serde_json::json;

use crate::support::{image, served};

#[test]
fn a_manifest_is_read_back_as_it_was_pushed() {
    let (_parent, served) = served();
    let (manifest, digest) = served.push_image("acme/app", "v1");
    let raw = serde_json::to_vec(&manifest).unwrap();
    for reference in ["v1".to_owned(), digest.to_string()] {
        let path = format!("/v2/acme/app/manifests/{reference}");
        let reply = served.get(&path);
        assert_eq!(reply.body, raw);
        for reply in [reply, served.send("HEAD", &path, &[], b"")] {
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("content-type"), Some(media_type::MANIFEST));
            assert_eq!(
                reply.header("docker-content-digest"),
                Some(digest.to_string().as_str())
            );
            assert_eq!(
                reply.header("content-length"),
                Some(raw.len().to_string().as_str())
            );
        }
        let tag = format!("\"{digest}\"");
        let reply = served.send("GET", &path, &[("If-None-Match", &tag)], b"");
        assert_eq!(reply.status, 304);
    }
    for path in [
        "/v2/acme/app/manifests/v2",
        "/v2/acme/app/manifests/.bad",
        "/v2/other/manifests/v1",
    ] {
        served.get(path).is_error(404, "MANIFEST_UNKNOWN");
        assert_eq!(served.send("HEAD", path, &[], b"").status, 404);
        served
            .send("DELETE", path, &[], b"")
            .is_error(404, "MANIFEST_UNKNOWN");
    }
}

#[test]
fn every_blob_must_be_there_whatever_the_types() {
    let (_parent, served) = served();
    served.put_manifest("a", "v1", &image());
    let reply = served.put_manifest("a", "v1", &image());
    reply.is_error(404, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(reply.json()["errors"].as_array().unwrap().len(), 2);
    let mut artifact = image();
    artifact["artifactType"] = json!("application/vnd.example");
    artifact["config"] = serde_json::to_value(Descriptor::empty()).unwrap();
    artifact["layers"][0]["mediaType"] = json!("application/x-unknown");
    served.push_blob("a", b"{}");
    let reply = served.put_manifest("a", "v1", &artifact);
    reply.is_error(404, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(
        reply.json()["errors"][0]["detail"]["digest"],
        Digest::of(b"layer").to_string()
    );
    // A blob in another repository does not count.
    served.push_blob("b", b"layer");
    served
        .put_manifest("a", "v1", &artifact)
        .is_error(404, "MANIFEST_BLOB_UNKNOWN");
    served
        .get("/v2/a/manifests/v1")
        .is_error(404, "MANIFEST_UNKNOWN");
    served.push_blob("a", b"layer");
    assert_eq!(served.put_manifest("a", "v1", &artifact).status, 201);
}

#[test]
fn an_index_may_name_absent_manifests() {
    let (_parent, served) = served();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::INDEX,
        "manifests": [Descriptor::of(media_type::MANIFEST, b"absent")],
    });
    assert_eq!(served.put_manifest("a", "v1", &index).status, 201);
    let reply = served.get("/v2/a/manifests/v1");
    assert_eq!(reply.header("content-type"), Some(media_type::INDEX));
}

#[test]
fn digests_of_the_path_are_verified() {
    let (_parent, served) = served();
    let (manifest, digest) = served.push_image("a", "v1");
    let wrong = Digest::of(b"wrong").to_string();
    served
        .put_manifest("a", &wrong, &manifest)
        .is_error(400, "DIGEST_INVALID");
    let raw = serde_json::to_vec(&manifest).unwrap();
    let long = Digest::with(Algorithm::Sha512, &raw).to_string();
    for reference in [digest.to_string(), long.clone()] {
        let reply = served.put_manifest("a", &format!("{reference}?tag=x&tag=y"), &manifest);
        assert_eq!(reply.status, 201, "{reply:?}");
        assert_eq!(
            reply.header("docker-content-digest"),
            Some(reference.as_str())
        );
        assert_eq!(reply.header("oci-tag"), Some("x"));
    }
    assert_eq!(served.get(&format!("/v2/a/manifests/{long}")).body, raw);
    assert_eq!(
        served
            .get("/v2/a/manifests/y")
            .header("docker-content-digest"),
        Some(long.as_str())
    );
    served
        .put_manifest("a", ".bad", &manifest)
        .is_error(400, "MANIFEST_INVALID");
}

#[test]
fn broken_manifests_are_refused() {
    let (_parent, served) = served();
    served.push_image("a", "v1");
    let put = |kind: &str, body: &[u8]| {
        served.send("PUT", "/v2/a/manifests/v2", &[("Content-Type", kind)], body)
    };
    put(media_type::MANIFEST, b"not json").is_error(400, "MANIFEST_INVALID");
    put(media_type::MANIFEST, b"{}").is_error(400, "MANIFEST_INVALID");
    put(media_type::MANIFEST, b"").is_error(400, "MANIFEST_INVALID");
    let raw = serde_json::to_vec(&image()).unwrap();
    put(media_type::INDEX, &raw).is_error(400, "MANIFEST_INVALID");
    served
        .get("/v2/a/manifests/v2")
        .is_error(404, "MANIFEST_UNKNOWN");
}

#[test]
fn a_manifest_of_4_mib_is_taken_and_a_larger_one_is_not() {
    let (_parent, served) = served();
    served.push_image("a", "v1");
    let mut manifest = image();
    manifest["annotations"] = json!({"x": ""});
    let padding = MAX_MANIFEST_BYTES - serde_json::to_vec(&manifest).unwrap().len();
    manifest["annotations"]["x"] = json!("x".repeat(padding));
    assert_eq!(served.put_manifest("a", "large", &manifest).status, 201);
    manifest["annotations"]["x"] = json!("x".repeat(padding + 1));
    served
        .put_manifest("a", "larger", &manifest)
        .is_error(413, "MANIFEST_INVALID");
    served
        .get("/v2/a/manifests/larger")
        .is_error(404, "MANIFEST_UNKNOWN");
    // Also without a length in the header.
    let raw = serde_json::to_vec(&manifest).unwrap();
    let mut request = b"PUT /v2/a/manifests/larger HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                        Transfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    request.extend_from_slice(format!("{:x}\r\n", raw.len()).as_bytes());
    request.extend_from_slice(&raw);
    request.extend_from_slice(b"\r\n0\r\n\r\n");
    served.raw(&request).is_error(413, "MANIFEST_INVALID");
}

#[test]
fn deleting_tags_and_manifests() {
    let (_parent, served) = served();
    let (manifest, digest) = served.push_image("a", "v1");
    served.put_manifest("a", "v2", &manifest);
    let delete =
        |reference: &str| served.send("DELETE", &format!("/v2/a/manifests/{reference}"), &[], b"");
    assert_eq!(delete("v1").status, 202);
    delete("v1").is_error(404, "MANIFEST_UNKNOWN");
    served
        .get("/v2/a/manifests/v1")
        .is_error(404, "MANIFEST_UNKNOWN");
    assert_eq!(served.get("/v2/a/manifests/v2").status, 200);
    assert_eq!(delete(&digest.to_string()).status, 202);
    delete(&digest.to_string()).is_error(404, "MANIFEST_UNKNOWN");
    served
        .get("/v2/a/manifests/v2")
        .is_error(404, "MANIFEST_UNKNOWN");
    assert_eq!(served.get("/v2/a/tags/list").json()["tags"], json!([]));
}

#[test]
fn referrers() {
    let (_parent, served) = served();
    let (_, subject) = served.push_image("a", "v1");
    let attach = |kind: &str| {
        let mut manifest = image();
        manifest["artifactType"] = json!(kind);
        manifest["annotations"] = json!({"kind": kind});
        manifest["subject"] = json!(Descriptor::new(media_type::MANIFEST, subject.clone(), 1));
        let digest = Digest::of(&serde_json::to_vec(&manifest).unwrap()).to_string();
        let reply = served.put_manifest("a", &digest, &manifest);
        assert_eq!(reply.status, 201, "{reply:?}");
        assert_eq!(
            reply.header("oci-subject"),
            Some(subject.to_string().as_str())
        );
        digest
    };
    let path = format!("/v2/a/referrers/{subject}");
    assert_eq!(served.get(&path).json()["manifests"], json!([]));
    let (sbom, signature) = (attach("application/sbom"), attach("application/signature"));
    let reply = served.get(&path);
    assert_eq!(reply.header("content-type"), Some(media_type::INDEX));
    assert_eq!(reply.header("oci-filters-applied"), None);
    let index = reply.json();
    assert_eq!(index["schemaVersion"], 2);
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    let reply = served.get(&format!("{path}?artifactType=application%2Fsbom"));
    assert_eq!(reply.header("oci-filters-applied"), Some("artifactType"));
    let entries = reply.json()["manifests"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    assert_eq!(entries[0]["digest"], sbom.as_str());
    assert_eq!(entries[0]["artifactType"], "application/sbom");
    assert_eq!(entries[0]["annotations"]["kind"], "application/sbom");
    let removed = served.send("DELETE", &format!("/v2/a/manifests/{sbom}"), &[], b"");
    assert_eq!(removed.status, 202);
    let left = served.get(&path).json()["manifests"].clone();
    assert_eq!(left[0]["digest"], signature.as_str());
    assert_eq!(left.as_array().unwrap().len(), 1);
    let absent = Digest::of(b"absent");
    let reply = served.get(&format!("/v2/never/referrers/{absent}"));
    assert_eq!(
        (reply.status, &reply.json()["manifests"]),
        (200, &json!([]))
    );
    served
        .get("/v2/a/referrers/sha256:zz")
        .is_error(400, "DIGEST_INVALID");
}

#[test]
fn annotations_of_referrers_are_bounded_and_so_are_pages_of_them() {
    const MOST: usize = 256 * 1024;
    const PAGE: usize = 4 * 1024 * 1024;
    let (_parent, served) = served();
    let (_, subject) = served.push_image("a", "v1");
    let attach = |number: usize, bytes: usize| {
        let mut manifest = image();
        manifest["subject"] = json!(Descriptor::new(media_type::MANIFEST, subject.clone(), 1));
        let name = format!("{number:04}");
        manifest["annotations"] = json!({ &name: "x".repeat(bytes - name.len()) });
        let digest = Digest::of(&serde_json::to_vec(&manifest).unwrap()).to_string();
        served.put_manifest("a", &digest, &manifest)
    };
    attach(0, MOST + 1).is_error(400, "MANIFEST_INVALID");
    for number in 0..40 {
        assert_eq!(attach(number, MOST).status, 201);
    }
    let mut path = format!("/v2/a/referrers/{subject}");
    let (mut found, mut pages) = (0, 0);
    loop {
        let reply = served.get(&path);
        assert!(reply.body.len() < PAGE + MOST, "{}", reply.body.len());
        found += reply.json()["manifests"].as_array().unwrap().len();
        pages += 1;
        let Some(link) = reply.header("link") else {
            break;
        };
        path = link[1..link.find('>').unwrap()].to_owned();
    }
    assert_eq!((found, pages), (40, 3));
}
