//! Tests of hostile requests.

use std::io::{Read as _, Write as _};

use lazaret_oci::Digest;

use crate::support::served;

#[test]
fn traversal_is_refused_and_touches_nothing() {
    let (parent, served) = served();
    served.push_image("a", "v1");
    let digest = Digest::of(b"layer");
    let hex = digest.hex();
    for path in [
        "/v2/../../etc/passwd/tags/list".to_owned(),
        "/v2/%2e%2e/%2e%2e/tags/list".to_owned(),
        "/v2/a/../a/manifests/v1".to_owned(),
        "/v2/a%2f..%2fa/manifests/v1".to_owned(),
        "/v2/a/manifests/..%2f..%2flock".to_owned(),
        "/v2/a/manifests/%2e%2e".to_owned(),
        format!("/v2/a/blobs/sha256:..%2f{hex}"),
        "/v2/a/blobs/uploads/..%2f..%2fa".to_owned(),
        format!("/v2/a/blobs/uploads/{}", "0".repeat(32)),
        "/v2/a/blobs/uploads/%00".to_owned(),
    ] {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let reply = served.send(method, &path, &[], b"x");
            assert!(
                (400..500).contains(&reply.status),
                "{method} {path}: {}",
                reply.status
            );
            assert!(reply.json()["errors"][0]["code"].is_string());
        }
    }
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    assert_eq!(served.get("/v2/a/manifests/v1").status, 200);
}

#[test]
fn wrong_methods_and_endpoints() {
    let (_parent, served) = served();
    for (method, path, allowed) in [
        ("POST", "/v2/", "GET, HEAD"),
        ("DELETE", "/v2/_catalog", "GET, HEAD"),
        ("PUT", "/v2/a/tags/list", "GET, HEAD"),
        ("PATCH", "/v2/a/manifests/v1", "GET, HEAD, PUT, DELETE"),
        ("PUT", "/v2/a/blobs/uploads/", "POST"),
        ("BREW", "/v2/", "GET, HEAD"),
    ] {
        let reply = served.send(method, path, &[], b"");
        reply.is_error(405, "UNSUPPORTED");
        assert_eq!(reply.header("allow"), Some(allowed), "{method} {path}");
    }
    for path in ["/", "/v1/", "/v2/a", "/metric"] {
        served.get(path).is_error(404, "UNSUPPORTED");
    }
}

#[test]
fn a_flood_of_headers_is_cut_off() {
    let (_parent, served) = served();
    let mut request = b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".to_vec();
    for number in 0..200 {
        request.extend_from_slice(format!("X-{number}: y\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    assert_eq!(served.raw(&request).status, 431);
    let long = "y".repeat(1024 * 1024);
    let mut stream = served.connect();
    let _ =
        stream.write_all(format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n").as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"));
    assert_eq!(served.get("/v2/").status, 200);
}

#[test]
fn lengths_that_lie() {
    let (_parent, served) = served();
    let digest = Digest::of(b"content");
    let location = served.start_upload("a");
    // The body is longer than Content-Range says, and has no length that would show it.
    let request = format!(
        "PATCH {location} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Range: 0-2\r\n\
         Transfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n"
    );
    served.raw(request.as_bytes()).is_error(400, "SIZE_INVALID");
    for header in [
        "Content-Length: x",
        "Content-Length: -1",
        "Content-Length: 1\r\nContent-Length: 2",
    ] {
        let request = format!(
            "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\ncontent"
        );
        assert_eq!(served.raw(request.as_bytes()).status, 400, "{header}");
    }
    served
        .get(&format!("/v2/a/blobs/{digest}"))
        .is_error(404, "BLOB_UNKNOWN");
}

#[test]
fn a_refused_body_that_is_still_coming_gets_its_answer() {
    let (_parent, served) = served();
    let body = vec![b' '; 8 * 1024 * 1024];
    served
        .send("PUT", "/v2/a/manifests/v1", &[], &body)
        .is_error(413, "MANIFEST_INVALID");
    served
        .send("PATCH", "/v2/A/manifests/v1", &[], &body)
        .is_error(400, "NAME_INVALID");
}

#[test]
fn a_client_that_asks_first_is_refused_without_its_body() {
    let (_parent, served) = served();
    let request = b"PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\
                    Expect: 100-continue\r\n\r\n";
    served.raw(request).is_error(413, "MANIFEST_INVALID");
}
