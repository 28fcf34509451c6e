//! "Pulling blobs": `Range` "in accordance with RFC 9110, section 14".

use std::ops::Range;

use crate::harness::{ALGORITHMS, Content, Reply, Served};

on_every_backend!(
    parts_are_given_as_parts,
    parts_that_do_not_exist_are_416,
    an_empty_blob_has_no_parts,
    what_is_no_range_gives_everything,
    a_part_of_other_content_gives_everything,
    a_blob_is_put_together_from_its_parts,
);

const LENGTH: usize = 2048;

fn blob(registry: &Served, name: &str) -> Content {
    let content = Content::new(LENGTH);
    registry.blob(name, &content);
    content
}

#[track_caller]
fn part(registry: &Served, name: &str, content: &Content, range: &str) -> Reply {
    let request = registry.request("GET", &content.path(name));
    request.header("Range", range).send()
}

/// 206 with the bytes, their number and their position: from a position, to a position, from the
/// end, and beyond the end.
fn parts_are_given_as_parts(registry: &Served) {
    let name = registry.repository();
    for algorithm in ALGORITHMS {
        let content = Content::with(algorithm, LENGTH);
        registry.blob(&name, &content);
        let cases: [(&str, Range<usize>); 9] = [
            ("bytes=500-1499", 500..1500),
            ("bytes=500-", 500..LENGTH),
            ("bytes=-500", LENGTH - 500..LENGTH),
            ("bytes=2000-5000", 2000..LENGTH),
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..LENGTH),
            ("bytes=2047-2047", 2047..LENGTH),
            ("bytes=-5000", 0..LENGTH),
            ("bytes=-1", 2047..LENGTH),
        ];
        for (range, bytes) in cases {
            let place = format!("bytes {}-{}/{LENGTH}", bytes.start, bytes.end - 1);
            part(registry, &name, &content, range)
                .is(206)
                .has("content-length", &bytes.len().to_string())
                .has("content-range", &place)
                .has("docker-content-digest", &content.digest.to_string())
                .body_is(&content.bytes[bytes]);
        }
    }
}

/// 416 with the size of the blob, for ranges that contain none of its bytes or end before they
/// start.
fn parts_that_do_not_exist_are_416(registry: &Served) {
    let name = registry.repository();
    let content = blob(registry, &name);
    for range in [
        "bytes=500-0",
        "bytes=5000-10000",
        "bytes=2048-",
        "bytes=2048-2048",
        "bytes=-0",
        "bytes=18446744073709551615-",
        "bytes=99999999999999999999-",
    ] {
        part(registry, &name, &content, range)
            .is(416)
            .has("content-range", &format!("bytes */{LENGTH}"));
    }
}

/// For a blob of zero bytes every range gets 416, or the whole blob.
fn an_empty_blob_has_no_parts(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(0);
    registry.blob(&name, &content);
    for range in ["bytes=0-0", "bytes=0-", "bytes=-1"] {
        let reply = part(registry, &name, &content, range);
        match reply.status {
            416 => {}
            _ => drop(reply.is(200).body_is(b"")),
        }
    }
}

/// RFC 9110, 14.2: a recipient MUST ignore a `Range` of a unit that it does not know and MAY
/// ignore one that is malformed or has many ranges.
fn what_is_no_range_gives_everything(registry: &Served) {
    let name = registry.repository();
    let content = blob(registry, &name);
    for range in [
        "lines=0-1",
        "bytes=x-y",
        "bytes=",
        "bytes=-",
        "bytes",
        "bytes=1-2-3",
        "",
    ] {
        part(registry, &name, &content, range)
            .is(200)
            .has_no("content-range")
            .body_is(&content.bytes);
    }
    let several = part(registry, &name, &content, "bytes=0-1,5-6");
    assert!(matches!(several.status, 200 | 206), "{several:?}");
}

/// RFC 9110, 13.1.5: `If-Range` with another entity tag returns the whole blob.
fn a_part_of_other_content_gives_everything(registry: &Served) {
    let name = registry.repository();
    let content = blob(registry, &name);
    let tag = registry.head(&content.path(&name)).is(200);
    let tag = tag.header("etag").unwrap().to_owned();
    let ask = |tag: &str| {
        let request = registry.request("GET", &content.path(&name));
        let request = request.header("Range", "bytes=1-2").header("If-Range", tag);
        request.send()
    };
    ask("\"another\"").is(200).body_is(&content.bytes);
    ask(&tag).is(206).body_is(&content.bytes[1..3]);
}

/// "Resumable pull": the client keeps the part that it has and asks for the rest.
fn a_blob_is_put_together_from_its_parts(registry: &Served) {
    let name = registry.repository();
    let content = Content::new(1_500_000);
    registry.blob(&name, &content);
    let mut have = Vec::new();
    while have.len() < content.bytes.len() {
        let last = have.len() + 400_000;
        let range = format!("bytes={}-{last}", have.len());
        have.extend_from_slice(&part(registry, &name, &content, &range).is(206).body);
    }
    assert!(have == content.bytes);
}
