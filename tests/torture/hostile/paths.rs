//! Hostile paths, queries and methods.

use lazaret_oci::Digest;
use lazaret_testing::http::send;

use super::Target;

/// Text that is not a name, but could be taken for a path on the disk.
const EVIL: &[&str] = &[
    "..",
    "%2e%2e",
    "%252e%252e",
    "..%2f..%2fregistry.db",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cx",
    "..%c0%af..%c0%af",
    "%c0%ae%c0%ae",
    "%e0%80%ae",
    "%00",
    "a%00b",
    "a%0d%0aX-Evil:%201",
    "%ff%fe",
    "%",
    "%2",
    "%zz",
    "%u002e",
    ".",
    "-a",
    "a..b",
    "A",
    "a%20b",
    "a;b",
    "~root",
    "$(id)",
    "'--",
    "\"",
];

#[test]
fn traversal_is_refused_whatever_it_is_dressed_as() {
    let target = Target::new();
    let digest = Digest::of(b"layer");
    let hex = digest.hex();
    let mut paths = Vec::new();
    for evil in EVIL {
        paths.extend([
            format!("/v2/{evil}/tags/list"),
            format!("/v2/a/{evil}/manifests/v1"),
            format!("/v2/{evil}/blobs/{digest}"),
            format!("/v2/{evil}/blobs/uploads/"),
            format!("/v2/{evil}/referrers/{digest}"),
            format!("/v2/a/blobs/sha256:{evil}"),
            format!("/v2/a/blobs/{evil}:{hex}"),
            format!("/v2/a/blobs/{evil}"),
            format!("/v2/a/referrers/{evil}"),
            format!("/v2/a/blobs/uploads/{evil}"),
            format!("/v2/a/blobs/uploads/{evil}?digest={digest}"),
        ]);
        // A tag may begin with a capital letter, and may contain two dots.
        if !matches!(*evil, "A" | "a..b") {
            paths.push(format!("/v2/a/manifests/{evil}"));
        }
    }
    paths.extend([
        format!("/v2/{}/tags/list", "a/".repeat(4_000)),
        format!("/v2/{}/tags/list", "a".repeat(300)),
        format!("/v2/a/manifests/{}", "t".repeat(129)),
        format!("/v2/a/blobs/sha256:{}", "0".repeat(63)),
        format!("/v2/a/blobs/sha256:{}", "0".repeat(65)),
        format!("/v2/a/blobs/sha256:{}", hex.to_uppercase()),
        format!("/v2/a/blobs/md5:{}", "0".repeat(32)),
        format!("/v2/a/blobs/uploads/{}", "0".repeat(32)),
        format!("/v2/a/blobs/uploads/{}", "0".repeat(31)),
        "/v2//tags/list".to_owned(),
        "/v2/a//b/tags/list".to_owned(),
        "//v2/a/tags/list".to_owned(),
        "/v2/../v2/a/tags/list".to_owned(),
        "/".to_owned(),
    ]);
    for path in &paths {
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE"] {
            let reply = target.server.send(method, path, &[], b"x");
            reply.is_refusal(&[400, 404, 405, 414], &format!("{method} {path}"));
            assert_eq!(reply.header("x-evil"), None, "{path}");
        }
    }
    target.is_unharmed();
}

/// Bytes that are not allowed in a URL: the server may refuse the request before it has parsed the
/// path.
#[test]
fn raw_bytes_in_a_path() {
    let target = Target::new();
    for path in [
        &b"/v2/\xff/tags/list"[..],
        b"/v2/a\x00/tags/list",
        b"/v2/\xc0\xae/tags/list",
        b"v2",
    ] {
        let request = [
            b"GET ",
            path,
            b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ]
        .concat();
        let status = target.raw(&request).map(|reply| reply.status);
        assert!(
            matches!(status, None | Some(400 | 404)),
            "{path:?}: {status:?}"
        );
    }
    target.is_unharmed();
}

#[test]
fn absurd_queries() {
    let target = Target::new();
    let huge = "9".repeat(40);
    let long = "z".repeat(50_000);
    for query in [
        "n=-1".to_owned(),
        "n=0".to_owned(),
        "n=abc".to_owned(),
        "n=1e9".to_owned(),
        "n=".to_owned(),
        format!("n={huge}"),
        format!("n={}", u64::MAX),
        "n=1&n=2".to_owned(),
        "last=".to_owned(),
        "last=%00".to_owned(),
        "last=%ff".to_owned(),
        "last=..%2f..".to_owned(),
        "last='%20or%201=1--".to_owned(),
        "last=%25&n=1".to_owned(),
        format!("last={long}"),
        "&&&===&?".to_owned(),
        "artifactType=%00".to_owned(),
        format!("artifactType={long}"),
        format!("{}n=1", "x=y&".repeat(10_000)),
    ] {
        let digest = Digest::of(b"layer");
        for path in ["_catalog", "a/tags/list", &format!("a/referrers/{digest}")] {
            let reply = send(
                target.server.address,
                "GET",
                &format!("/v2/{path}?{query}"),
                &[],
                b"",
            );
            let reply = reply.unwrap();
            let shown: String = query.chars().take(60).collect();
            assert!(reply.status < 500, "{path} {shown}: {reply:?}");
            if reply.status != 200 {
                reply.is_refusal(&[400, 414], &shown);
            }
        }
    }
    target.is_unharmed();
}

#[test]
fn unknown_methods() {
    let target = Target::new();
    for method in ["BREW", "TRACE", "OPTIONS", "PROPFIND", "get", "CONNECTED"] {
        let reply = target.server.send(method, "/v2/a/manifests/v1", &[], b"");
        reply.is_refusal(&[405], method);
    }
    let long = "M".repeat(20_000);
    for method in ["", "G ET", "\u{7f}", &long] {
        let request = format!("{method} /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let status = target.raw(request.as_bytes()).map(|reply| reply.status);
        assert!(matches!(status, None | Some(400..500)), "{status:?}");
    }
    target.is_unharmed();
}

/// Content of one repository cannot be read through another one.
#[test]
fn repositories_do_not_leak_into_each_other() {
    let target = Target::new();
    let (server, digest) = (&target.server, Digest::of(b"layer"));
    let location = crate::content::start(server.address, "a").unwrap();
    let elsewhere = location.replace("/v2/a/", "/v2/b/");
    for (method, path) in [
        ("GET", elsewhere.clone()),
        ("PATCH", elsewhere.clone()),
        ("PUT", format!("{elsewhere}?digest={digest}")),
        ("DELETE", elsewhere),
        ("GET", format!("/v2/b/blobs/{digest}")),
        ("DELETE", format!("/v2/b/blobs/{digest}")),
        ("GET", "/v2/b/manifests/v1".to_owned()),
        ("DELETE", "/v2/b/manifests/v1".to_owned()),
    ] {
        server
            .send(method, &path, &[], b"")
            .is_refusal(&[404], &path);
    }
    let reply = crate::content::put_manifest(server.address, "b", "v1", &target.manifest).unwrap();
    reply.is_refusal(&[404], "a manifest whose blobs are elsewhere");
    let path = format!("/v2/b/blobs/uploads/?mount={digest}&from=c");
    let begun = server.send("POST", &path, &[], b"");
    assert_eq!(begun.status, 202, "{begun:?}");
    for location in [&*location, begun.header("location").unwrap()] {
        assert_eq!(server.send("DELETE", location, &[], b"").status, 204);
    }
    target.is_unharmed();
}
