//! Bodies that contradict their headers, and manifests that are too large.

use lazaret_oci::{Digest, media_type};
use serde_json::json;

use super::Target;
use crate::content;

/// Largest manifest, in bytes (distribution-spec 1.1, "Pushing manifests").
const MANIFEST_BYTES: usize = 4 * 1024 * 1024;

fn descriptor(number: usize) -> serde_json::Value {
    json!({
        "mediaType": media_type::LAYER,
        "digest": format!("sha256:{number:064x}"),
        "size": 1,
    })
}

#[test]
fn manifests_that_are_no_manifests() {
    let target = Target::new();
    let nested =
        |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let config = descriptor(1);
    let with_config = |config: serde_json::Value| {
        json!({
            "schemaVersion": 2, "mediaType": media_type::MANIFEST, "config": config, "layers": [],
        })
        .to_string()
    };
    for (what, body) in [
        ("nothing", Vec::new()),
        ("no JSON", b"manifest".to_vec()),
        ("half of it", target.manifest[..50].to_vec()),
        ("more than it", [&target.manifest[..], b"x"].concat()),
        (
            "no UTF-8",
            b"{\"schemaVersion\":2,\"mediaType\":\"\xff\xfe\"}".to_vec(),
        ),
        ("deep lists", nested("[", "]").into_bytes()),
        ("deep objects", nested("{\"a\":", "}").into_bytes()),
        (
            "a deep annotation",
            format!(
                "{{\"schemaVersion\":2,\"annotations\":{}}}",
                nested("[", "]")
            )
            .into_bytes(),
        ),
        ("a number", b"2".to_vec()),
        ("null", b"null".to_vec()),
        (
            "schema version 1",
            br#"{"schemaVersion":1,"name":"a","fsLayers":[]}"#.to_vec(),
        ),
        (
            "a config that is a path",
            with_config(json!({"mediaType": "x", "digest": "../../etc/passwd", "size": 1}))
                .into_bytes(),
        ),
        (
            "a negative size",
            with_config(json!({"mediaType": "x", "digest": config["digest"], "size": -1}))
                .into_bytes(),
        ),
        (
            "a size past all",
            with_config(json!({"mediaType": "x", "digest": config["digest"], "size": 1e300}))
                .into_bytes(),
        ),
        (
            "config as a list",
            with_config(json!([[], []])).into_bytes(),
        ),
    ] {
        let reply = content::put_manifest(target.server.address, "a", "evil", &body).unwrap();
        reply.is_refusal(&[400], what);
    }
    target.is_unharmed();
}

#[test]
fn manifests_that_are_too_large() {
    let target = Target::new();
    let mut body = target.manifest.clone();
    body.resize(MANIFEST_BYTES + 1, b' ');
    let reply = content::put_manifest(target.server.address, "a", "evil", &body).unwrap();
    reply.is_refusal(&[413], "one byte too many");
    // Without a length that would show it.
    let mut request = format!(
        "PUT /v2/a/manifests/evil HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        media_type::MANIFEST
    )
    .into_bytes();
    for piece in body.chunks(65_536) {
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    target
        .raw(&request)
        .unwrap()
        .is_refusal(&[413], "in chunks");
    target.is_unharmed();
}

/// As many references as fit into a manifest: all of them are missing, and the client can read the
/// response.
#[test]
fn manifests_with_more_references_than_sense() {
    let target = Target::new();
    let count = MANIFEST_BYTES / 160;
    let layers: Vec<_> = (0..count).map(descriptor).collect();
    let body = json!({
        "schemaVersion": 2, "mediaType": media_type::MANIFEST,
        "config": descriptor(count), "layers": layers,
    })
    .to_string();
    assert!(body.len() <= MANIFEST_BYTES);
    let reply = content::put_manifest(target.server.address, "a", "evil", body.as_bytes()).unwrap();
    reply.is_refusal(&[400, 404], "missing layers");
    // The same reference a hundred thousand times counts as one.
    let same = vec![
        json!({"mediaType": "x", "digest": Digest::of(b"layer"), "size": 5});
        MANIFEST_BYTES / 130
    ];
    let body = json!({
        "schemaVersion": 2, "mediaType": media_type::MANIFEST,
        "config": {"mediaType": "x", "digest": Digest::of(b"{}"), "size": 2}, "layers": same,
    })
    .to_string();
    let reply = content::put_manifest(target.server.address, "a", "evil", body.as_bytes()).unwrap();
    if reply.status == 201 {
        let digest = Digest::of(body.as_bytes());
        let path = format!("/v2/a/manifests/{digest}");
        assert_eq!(target.server.get(&path).body, body.as_bytes());
        assert_eq!(target.server.send("DELETE", &path, &[], b"").status, 202);
    } else {
        reply.is_refusal(&[400], "the same layer");
    }
    target.is_unharmed();
}

#[test]
fn digests_that_lie() {
    let target = Target::new();
    let (address, right) = (target.server.address, Digest::of(b"content"));
    let path = format!("/v2/a/blobs/uploads/?digest={right}");
    target
        .server
        .send("POST", &path, &[], b"other")
        .is_refusal(&[400], "in one request");
    let location = content::start(address, "a").unwrap();
    content::patch(address, &location, 0, b"other").unwrap();
    let reply = content::finish(address, &location, &right, b"").unwrap();
    reply.is_refusal(&[400], "in a session");
    let manifest = format!("/v2/a/manifests/{right}");
    let kind = [("Content-Type", media_type::MANIFEST)];
    target
        .server
        .send("PUT", &manifest, &kind, &target.manifest)
        .is_refusal(&[400], "of a manifest");
    for digest in ["", "sha256:", "md5:abc", "sha256:../../x", "%00"] {
        let path = format!("/v2/a/blobs/uploads/?digest={digest}");
        target
            .server
            .send("POST", &path, &[], b"other")
            .is_refusal(&[400], digest);
        let path = format!("/v2/b/blobs/uploads/?mount={digest}&from=a");
        target
            .server
            .send("POST", &path, &[], b"")
            .is_refusal(&[400], digest);
    }
    target
        .server
        .get(&format!("/v2/a/blobs/{right}"))
        .is_refusal(&[404], "the blob");
    target.is_unharmed();
}

#[test]
fn chunks_that_lie() {
    let target = Target::new();
    let location = content::start(target.server.address, "a").unwrap();
    for (range, statuses) in [
        ("0-9", &[400][..]),
        ("5-9", &[416]),
        ("9-5", &[400, 416]),
        ("0-18446744073709551615", &[400, 416]),
        (
            "99999999999999999999999-99999999999999999999999",
            &[400, 416],
        ),
        ("-5", &[400, 416]),
        ("0-", &[400, 416]),
        ("a-b", &[400, 416]),
        ("", &[400, 416]),
        ("bytes */*", &[400, 416]),
    ] {
        let headers = [("Content-Range", range)];
        let reply = target.server.send("PATCH", &location, &headers, b"hello");
        reply.is_refusal(statuses, range);
    }
    // More bytes than the range says, without a length that would show it.
    let request = format!(
        "PATCH {location} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Range: 0-2\r\n\
         Transfer-Encoding: chunked\r\n\r\n7\r\ncontent\r\n0\r\n\r\n"
    );
    target
        .raw(request.as_bytes())
        .unwrap()
        .is_refusal(&[400], "a longer chunk");
    assert_eq!(
        target.server.send("DELETE", &location, &[], b"").status,
        204
    );
    target.is_unharmed();
}
