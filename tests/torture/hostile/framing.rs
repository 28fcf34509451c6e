//! Faults in HTTP itself: headers, lengths, chunks, several requests at once.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use lazaret_oci::Digest;
use lazaret_testing::http::{Reply, connect};

use super::Target;

/// Requests that a strict server refuses, and that a lenient proxy may have passed on.
#[test]
fn malformed_requests_are_refused() {
    let target = Target::new();
    let digest = Digest::of(b"content");
    let post = format!("POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\n");
    for (what, rest) in [
        (
            "two lengths",
            "Content-Length: 7\r\nContent-Length: 6\r\n\r\ncontent",
        ),
        ("two lengths in one", "Content-Length: 7, 6\r\n\r\ncontent"),
        ("a negative length", "Content-Length: -7\r\n\r\ncontent"),
        ("a signed length", "Content-Length: +7\r\n\r\ncontent"),
        (
            "a length in hexadecimal",
            "Content-Length: 0x7\r\n\r\ncontent",
        ),
        (
            "a length past all",
            "Content-Length: 99999999999999999999\r\n\r\ncontent",
        ),
        (
            "a space before the colon",
            "Content-Length : 7\r\n\r\ncontent",
        ),
        (
            "a folded header",
            "X-A: b\r\n c\r\nContent-Length: 7\r\n\r\ncontent",
        ),
        (
            "a NUL in a header",
            "X-A: b\0c\r\nContent-Length: 7\r\n\r\ncontent",
        ),
        ("a bare CR", "X-A: b\rContent-Length: 7\r\n\r\ncontent"),
        (
            "an unknown coding",
            "Transfer-Encoding: xchunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n",
        ),
        (
            "chunked not last",
            "Transfer-Encoding: chunked, gzip\r\n\r\n7\r\ncontent\r\n0\r\n\r\n",
        ),
        (
            "a chunk past all",
            "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\ncontent",
        ),
        (
            "a negative chunk",
            "Transfer-Encoding: chunked\r\n\r\n-7\r\ncontent\r\n0\r\n\r\n",
        ),
        (
            "a chunk without its end",
            "Transfer-Encoding: chunked\r\n\r\n7\r\ncontentX0\r\n\r\n",
        ),
        ("no header name", ": x\r\nContent-Length: 7\r\n\r\ncontent"),
    ] {
        let request = format!("{post}{rest}");
        let status = target.raw(request.as_bytes()).map(|reply| reply.status);
        assert!(
            matches!(status, None | Some(400..500)),
            "{what}: {status:?}"
        );
        let reply = target.server.get(&format!("/v2/a/blobs/{digest}"));
        reply.is_refusal(&[404], what);
    }
    let many = format!(
        "Transfer-Encoding: chunked\r\n\r\n7;{}\r\ncontent\r\n0\r\n\r\n",
        "x=y;".repeat(100_000)
    );
    let status = target
        .raw(format!("{post}{many}").as_bytes())
        .map(|reply| reply.status);
    assert!(
        matches!(status, None | Some(400..500)),
        "chunk extensions: {status:?}"
    );
    target.is_unharmed();
}

/// A length and the chunked coding together: a peer that follows the other one sees another
/// request.
#[test]
fn two_framings_are_never_two_meanings() {
    let target = Target::new();
    let smuggled = "DELETE /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\n\r\n";
    let by_length = format!(
        "POST /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        5 + smuggled.len()
    );
    target.raw(by_length.as_bytes());
    let by_chunks = format!(
        "POST /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\
         Content-Length: 4\r\n\r\n{:x}\r\n{smuggled}\r\n0\r\n\r\n",
        smuggled.len()
    );
    target.raw(by_chunks.as_bytes());
    target.is_unharmed();
}

#[test]
fn floods_of_headers() {
    let target = Target::new();
    let get = "GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let many: String = (0..2_000)
        .map(|number| format!("X-{number}: y\r\n"))
        .collect();
    let long = format!("X-Long: {}\r\n", "y".repeat(2_000_000));
    let name = format!("{}: y\r\n", "x".repeat(300_000));
    let path = format!("/v2/{}", "p".repeat(1_000_000));
    for (what, request) in [
        ("many headers", format!("{get}{many}\r\n")),
        ("a long header", format!("{get}{long}\r\n")),
        ("a long name", format!("{get}{name}\r\n")),
        (
            "a long path",
            format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"),
        ),
        ("no end", format!("{get}{}", "X: y\r\n".repeat(50_000))),
    ] {
        let status = target.raw(request.as_bytes()).map(|reply| reply.status);
        assert!(
            matches!(status, None | Some(400 | 404 | 414 | 431)),
            "{what}: {status:?}"
        );
    }
    target.is_unharmed();
}

#[test]
fn requests_on_one_connection_are_answered_in_order() {
    let target = Target::new();
    let mut stream = connect(target.server.address).unwrap();
    let last = "GET /v2/a/manifests/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let requests = format!(
        "GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n\
         PUT /v2/a/manifests/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{{}}x\
         GET /v2/a/tags/list HTTP/1.1\r\nHost: x\r\n\r\n{last}"
    );
    stream.write_all(requests.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let statuses: Vec<_> = answer
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answer[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "400", "200", "404"], "{answer}");
    target.is_unharmed();
}

/// Clients that send a byte now and then, or nothing, do not delay others.
#[test]
fn slow_clients_hold_up_nobody() {
    let target = Target::new();
    let digest = Digest::of(b"content");
    let beginnings = [
        "GET /v2/a/ta".to_owned(),
        "GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned(),
        format!(
            "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nco"
        ),
        "PUT /v2/a/manifests/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 700\r\n\r\n{".to_owned(),
    ];
    let slow: Vec<_> = (0..200)
        .map(|number| {
            let mut stream = connect(target.server.address).unwrap();
            stream
                .write_all(beginnings[number % beginnings.len()].as_bytes())
                .unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(target.server.get("/v2/a/manifests/v1").status, 200);
        let reply = crate::content::push(target.server.address, "a", b"layer").unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    // This is not a measurement: a server with one thread per client would wait for the slow ones.
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    drop(slow);
    target.is_unharmed();
}

/// Clients that disconnect in the middle of any request.
#[test]
fn abrupt_ends_leave_nothing() {
    let target = Target::new();
    let content = crate::content::bytes(1, 400_000);
    let digest = Digest::of(&content);
    for cut in [0, 1, 1_000, 70_000, 399_999] {
        let mut stream = connect(target.server.address).unwrap();
        let head = format!(
            "POST /v2/a/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&content[..cut]).unwrap();
        drop(stream);
        let mut stream = connect(target.server.address).unwrap();
        let head = "GET /v2/a/manifests/v1 HTTP/1.1\r\nHost: x\r\n\r\n";
        stream
            .write_all(&head.as_bytes()[..head.len().min(cut)])
            .unwrap();
    }
    target
        .server
        .get(&format!("/v2/a/blobs/{digest}"))
        .is_refusal(&[404], "a cut upload");
    target.is_unharmed();
}

#[test]
fn bombs_of_ranges() {
    let target = Target::new();
    let path = format!("/v2/a/blobs/{}", Digest::of(b"layer"));
    let many = format!("bytes={}", vec!["0-4"; 10_000].join(","));
    for range in [
        &*many,
        "bytes=0-0,1-1,2-2",
        "bytes=-",
        "bytes=--1",
        "bytes=a-b",
        "bytes=1-99999999999999999999999",
        "bytes=99999999999999999999999-",
        "bytes=-99999999999999999999999",
        "lines=0-1",
        "bytes=4-2",
        "bytes=5-",
        "bytes=-0",
        "",
    ] {
        let reply: Reply = target.server.send("GET", &path, &[("Range", range)], b"");
        let shown = &range[..range.len().min(40)];
        match reply.status {
            200 => assert_eq!(reply.body, b"layer", "{shown}"),
            206 => assert!(
                !reply.body.is_empty() && reply.body.len() <= 5,
                "{shown}: {reply:?}"
            ),
            _ => reply.is_refusal(&[400, 416], shown),
        }
    }
    target.is_unharmed();
}
