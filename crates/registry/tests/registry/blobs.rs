//! Tests of "Pulling blobs", "Deleting blobs" and "Mounting a blob from another repository".

use lazaret_oci::{Algorithm, Digest};

use crate::support::served;

#[test]
fn a_blob_is_read_back() {
    let (_parent, served) = served();
    for length in [0, 1, 70_000, 3_000_000] {
        let content: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
        let digest = served.push_blob("acme/app", &content);
        let path = format!("/v2/acme/app/blobs/{digest}");
        let text = digest.to_string();
        let length = content.len().to_string();
        let reply = served.get(&path);
        assert_eq!(reply.status, 200);
        assert!(reply.body == content);
        for reply in [reply, served.send("HEAD", &path, &[], b"")] {
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("content-length"), Some(length.as_str()));
            assert_eq!(reply.header("docker-content-digest"), Some(text.as_str()));
            assert_eq!(reply.header("accept-ranges"), Some("bytes"));
            assert_eq!(reply.header("etag"), Some(format!("\"{text}\"").as_str()));
        }
        let tag = format!("\"x\", \"{text}\"");
        let reply = served.send("GET", &path, &[("If-None-Match", &tag)], b"");
        assert_eq!((reply.status, reply.body.len()), (304, 0));
    }
}

#[test]
fn parts_of_a_blob() {
    let (_parent, served) = served();
    let content: Vec<u8> = (0..100_000u32).map(|n| n.to_le_bytes()[1]).collect();
    let digest = served.push_blob("a", &content);
    let path = format!("/v2/a/blobs/{digest}");
    for (range, expected, header) in [
        ("bytes=0-0", 0..1, "bytes 0-0/100000"),
        ("bytes=90000-", 90_000..100_000, "bytes 90000-99999/100000"),
        ("bytes=-10", 99_990..100_000, "bytes 99990-99999/100000"),
        ("bytes=5-999999", 5..100_000, "bytes 5-99999/100000"),
    ] {
        let reply = served.send("GET", &path, &[("Range", range)], b"");
        assert_eq!(reply.status, 206, "{range}");
        assert_eq!(reply.header("content-range"), Some(header));
        assert!(reply.body == content[expected], "{range}");
        let head = served.send("HEAD", &path, &[("Range", range)], b"");
        assert_eq!(
            head.header("content-length"),
            reply.header("content-length")
        );
    }
    for range in ["bytes=100000-", "bytes=500-0", "bytes=-0"] {
        let reply = served.send("GET", &path, &[("Range", range)], b"");
        reply.is_error(416, "SIZE_INVALID");
        assert_eq!(reply.header("content-range"), Some("bytes */100000"));
    }
    let other = [("Range", "bytes=0-0"), ("If-Range", "\"other\"")];
    assert_eq!(served.send("GET", &path, &other, b"").status, 200);
}

#[test]
fn absent_blobs_and_broken_digests() {
    let (_parent, served) = served();
    let digest = Digest::of(b"absent");
    for method in ["GET", "DELETE"] {
        let path = format!("/v2/a/blobs/{digest}");
        served
            .send(method, &path, &[], b"")
            .is_error(404, "BLOB_UNKNOWN");
        served
            .send(method, "/v2/a/blobs/sha256:xyz", &[], b"")
            .is_error(400, "DIGEST_INVALID");
        served
            .send(method, &format!("/v2/A/blobs/{digest}"), &[], b"")
            .is_error(400, "NAME_INVALID");
    }
    let head = served.send("HEAD", &format!("/v2/a/blobs/{digest}"), &[], b"");
    assert_eq!(head.status, 404);
}

#[test]
fn blobs_belong_to_the_repository_they_were_pushed_to() {
    let (_parent, served) = served();
    let digest = served.push_blob("private/a", b"secret");
    let elsewhere = format!("/v2/public/b/blobs/{digest}");
    served.get(&elsewhere).is_error(404, "BLOB_UNKNOWN");
    let mount = |from: &str| {
        let path = format!("/v2/public/b/blobs/uploads/?mount={digest}&from={from}");
        served.send("POST", &path, &[], b"")
    };
    // If the source does not have the blob, an upload starts instead.
    for from in ["other/c", "..%2F..", ""] {
        let reply = mount(from);
        assert_eq!(reply.status, 202, "{from}");
        assert!(reply.header("location").is_some());
    }
    served.get(&elsewhere).is_error(404, "BLOB_UNKNOWN");
    let reply = mount("private%2Fa");
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("location"), Some(elsewhere.as_str()));
    assert_eq!(served.get(&elsewhere).body, b"secret");

    let reply = served.send("DELETE", &format!("/v2/private/a/blobs/{digest}"), &[], b"");
    assert_eq!(reply.status, 202);
    served
        .get(&format!("/v2/private/a/blobs/{digest}"))
        .is_error(404, "BLOB_UNKNOWN");
    assert_eq!(served.get(&elsewhere).body, b"secret");
}

#[test]
fn sha512_blobs() {
    let (_parent, served) = served();
    let digest = Digest::with(Algorithm::Sha512, b"content");
    let path = "/v2/a/blobs/uploads/?digest-algorithm=sha512";
    let location = served.send("POST", path, &[], b"");
    let location = location.header("location").unwrap();
    let reply = served.send(
        "PUT",
        &format!("{location}?digest={digest}"),
        &[],
        b"content",
    );
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(
        served.get(&format!("/v2/a/blobs/{digest}")).body,
        b"content"
    );
    served
        .send(
            "POST",
            "/v2/a/blobs/uploads/?digest-algorithm=md5",
            &[],
            b"",
        )
        .is_error(400, "DIGEST_INVALID");
}
