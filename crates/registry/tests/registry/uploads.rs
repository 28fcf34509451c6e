//! Tests of "Pushing blobs": monolithic, in chunks, status, cancellation.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use lazaret_oci::Digest;

use crate::support::{Served, served};

#[test]
fn sessions_are_limited() {
    let parent = tempfile::tempdir().unwrap();
    let settings = "[limits]\nuploads_per_repository = 2\nuploads = 3\n";
    let served = Served::with_settings(parent.path(), settings);
    let refused = |name: &str| {
        let reply = served.send("POST", &format!("/v2/{name}/blobs/uploads/"), &[], b"");
        assert_eq!(reply.header("retry-after"), Some("60"), "{reply:?}");
        reply.is_error(429, "TOOMANYREQUESTS");
    };
    let first = served.start_upload("a");
    served.start_upload("a");
    refused("a");
    served.start_upload("b");
    refused("b");
    // A session that ends makes room.
    assert_eq!(served.send("DELETE", &first, &[], b"").status, 204);
    served.push_blob("a", b"content");
    served.start_upload("b");
}

#[test]
fn in_chunks() {
    let (_parent, served) = served();
    let location = served.start_upload("acme/app");
    assert!(location.starts_with("/v2/acme/app/blobs/uploads/"));
    let chunk = |range: &str, body: &[u8]| {
        served.send("PATCH", &location, &[("Content-Range", range)], body)
    };
    let reply = chunk("0-2", b"con");
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.header("range"), Some("0-2"));
    assert_eq!(reply.header("location"), Some(location.as_str()));
    // Out of order: refused, with the location and range to continue from.
    for range in ["0-2", "4-6", "2-4"] {
        let reply = chunk(range, b"ten");
        reply.is_error(416, "BLOB_UPLOAD_INVALID");
        assert_eq!(reply.header("range"), Some("0-2"));
        assert_eq!(reply.header("location"), Some(location.as_str()));
    }
    chunk("3-9", b"ten").is_error(400, "SIZE_INVALID");
    let reply = served.get(&location);
    assert_eq!((reply.status, reply.header("range")), (204, Some("0-2")));
    assert_eq!(chunk("3-5", b"ten").status, 202);
    let digest = Digest::of(b"content");
    let path = format!("{location}?digest={digest}");
    let reply = served.send("PUT", &path, &[("Content-Range", "6-6")], b"t");
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(
        reply.header("location"),
        Some(format!("/v2/acme/app/blobs/{digest}").as_str())
    );
    assert_eq!(
        reply.header("docker-content-digest"),
        Some(digest.to_string().as_str())
    );
    assert_eq!(
        served.get(&format!("/v2/acme/app/blobs/{digest}")).body,
        b"content"
    );
    served.get(&location).is_error(404, "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn without_content_range_and_with_an_empty_end() {
    let (_parent, served) = served();
    let location = served.start_upload("a");
    let request = format!(
        "PATCH {location} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\ncon\r\n4\r\ntent\r\n0\r\n\r\n"
    );
    assert_eq!(served.raw(request.as_bytes()).status, 202);
    let digest = Digest::of(b"content");
    let reply = served.send("PUT", &format!("{location}?digest={digest}"), &[], b"");
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(
        served.get(&format!("/v2/a/blobs/{digest}")).body,
        b"content"
    );
}

#[test]
fn monolithic_after_post() {
    let (_parent, served) = served();
    for content in [&b"content"[..], b""] {
        let location = served.start_upload("a");
        let digest = Digest::of(content);
        let reply = served.send("PUT", &format!("{location}?digest={digest}"), &[], content);
        assert_eq!(reply.status, 201, "{reply:?}");
        assert_eq!(served.get(&format!("/v2/a/blobs/{digest}")).body, content);
    }
}

#[test]
fn wrong_digests_publish_nothing() {
    let (_parent, served) = served();
    let digest = Digest::of(b"right");
    let path = format!("/v2/a/blobs/uploads/?digest={digest}");
    served
        .send("POST", &path, &[], b"wrong")
        .is_error(400, "DIGEST_INVALID");
    let location = served.start_upload("a");
    served
        .send("PUT", &format!("{location}?digest={digest}"), &[], b"wrong")
        .is_error(400, "DIGEST_INVALID");
    let location = served.start_upload("a");
    served
        .send("PUT", &location, &[], b"right")
        .is_error(400, "DIGEST_INVALID");
    served
        .send(
            "PUT",
            &format!("{location}?digest=sha256:zz"),
            &[],
            b"right",
        )
        .is_error(400, "DIGEST_INVALID");
    served
        .get(&format!("/v2/a/blobs/{digest}"))
        .is_error(404, "BLOB_UNKNOWN");
    served
        .get(&format!("/v2/a/blobs/{}", Digest::of(b"wrong")))
        .is_error(404, "BLOB_UNKNOWN");
}

#[test]
fn sessions_can_be_cancelled_and_belong_to_their_repository() {
    let (_parent, served) = served();
    let location = served.start_upload("a");
    let foreign = location.replace("/v2/a/", "/v2/b/");
    let digest = Digest::of(b"x");
    for (method, path) in [
        ("GET", foreign.clone()),
        ("PATCH", foreign.clone()),
        ("DELETE", foreign.clone()),
        ("PUT", format!("{foreign}?digest={digest}")),
    ] {
        served
            .send(method, &path, &[], b"")
            .is_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
    assert_eq!(served.send("DELETE", &location, &[], b"").status, 204);
    for method in ["GET", "PATCH", "DELETE"] {
        served
            .send(method, &location, &[], b"")
            .is_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
}

#[test]
fn an_upload_goes_on_after_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let first = Served::open(root.path());
    let location = first.start_upload("a");
    let reply = first.send("PATCH", &location, &[("Content-Range", "0-2")], b"con");
    assert_eq!(reply.status, 202);
    let (_, image) = first.push_image("b", "v1");
    first.stop();

    let second = Served::open(root.path());
    let reply = second.get(&location);
    assert_eq!((reply.status, reply.header("range")), (204, Some("0-2")));
    let digest = Digest::of(b"content");
    let path = format!("{location}?digest={digest}");
    let reply = second.send("PUT", &path, &[("Content-Range", "3-6")], b"tent");
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(
        second.get(&format!("/v2/a/blobs/{digest}")).body,
        b"content"
    );
    let reply = second.get("/v2/b/manifests/v1");
    assert_eq!(
        reply.header("docker-content-digest"),
        Some(image.to_string().as_str())
    );
}

#[test]
fn a_client_that_vanishes_leaves_nothing_visible_and_can_resume() {
    let (_parent, served) = served();
    let content = vec![7; 1_000_000];
    let digest = Digest::of(&content);
    let location = served.start_upload("a");
    let single = format!("/v2/a/blobs/uploads/?digest={digest}");
    for (method, path) in [
        ("PUT", format!("{location}?digest={digest}")),
        ("POST", single),
    ] {
        let mut stream = served.connect();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&content[..600_000]).unwrap();
        drop(stream);
    }
    served
        .get(&format!("/v2/a/blobs/{digest}"))
        .is_error(404, "BLOB_UNKNOWN");
    // The bytes that arrived are kept in the session that the client knows.
    let mut staged = 0;
    for _ in 0..200 {
        let range = served.get(&location).header("range").unwrap().to_owned();
        staged = range[2..].parse::<usize>().unwrap() + 1;
        if staged == 600_000 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(staged, 600_000);
    let path = format!("{location}?digest={digest}");
    let reply = served.send(
        "PUT",
        &path,
        &[("Content-Range", "600000-999999")],
        &content[600_000..],
    );
    assert_eq!(reply.status, 201, "{reply:?}");
    assert!(served.get(&format!("/v2/a/blobs/{digest}")).body == content);
}

#[test]
fn many_push_the_same_blob_at_once() {
    let (_parent, served) = served();
    let content = vec![3; 400_000];
    let digest = Digest::of(&content);
    std::thread::scope(|scope| {
        for number in 0..12 {
            let (served, content, digest) = (&served, &content, &digest);
            scope.spawn(move || {
                let name = format!("repo{}", number % 3);
                served.push_blob(&name, content);
                let reply = served.get(&format!("/v2/{name}/blobs/{digest}"));
                assert_eq!(reply.status, 200);
                assert!(reply.body == *content);
            });
        }
    });
}

#[test]
fn a_request_under_way_is_finished_when_the_server_stops() {
    let root = tempfile::tempdir().unwrap();
    let served = Served::open(root.path());
    let digest = Digest::of(b"content");
    let mut stream = served.connect();
    let mut idle = served.connect();
    let head = format!(
        "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"con").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let stopping = std::thread::spawn(move || served.stop());
    // Idle connections do not delay the end.
    assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0);
    assert!(!stopping.is_finished());
    stream.write_all(b"tent").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    stopping.join().unwrap();
    let again = Served::open(root.path());
    assert_eq!(again.get(&format!("/v2/a/blobs/{digest}")).body, b"content");
}

#[test]
fn an_ephemeral_registry_leaves_nothing() {
    let (parent, served) = served();
    served.push_image("a", "v1");
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    served.stop();
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}
