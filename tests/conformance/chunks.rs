//! "Pushing a blob in chunks" (end-4a, end-5, end-6, end-13) and "Cancel a blob upload"
//! (end-14).

use crate::harness::{ALGORITHMS, Content, Served, Session};

on_every_backend!(
    each_chunk_is_answered_with_where_the_upload_ends,
    the_least_chunk_is_a_number_that_is_kept_to,
    a_chunk_out_of_order_is_416_and_changes_nothing,
    a_last_chunk_out_of_order_is_416_and_changes_nothing,
    the_first_chunk_begins_at_zero,
    a_chunk_that_is_sent_twice_is_416_the_second_time,
    ranges_that_are_none_are_refused,
    a_chunk_has_the_length_that_it_says,
    chunks_need_not_say_where_they_belong,
    the_status_says_how_far_the_upload_came,
    the_place_of_an_upload_keeps_working,
    a_cancelled_upload_is_gone,
    uploads_that_never_were_are_404,
);

/// Content of three chunks, the last of them shorter.
fn three_chunks(registry: &Served, name: &str) -> Content {
    let chunk = registry.session(name).chunk;
    Content::new(3 * chunk - 5)
}

/// "The response for each successful chunk upload MUST be 202, and MUST have" `Location` and
/// `Range: 0-<end-of-range>`, "the position of the last uploaded byte".
fn each_chunk_is_answered_with_where_the_upload_ends(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    let mut session = registry.session(&name);
    for (start, chunk) in session.chunks(&content.bytes) {
        let range = format!("0-{}", start + chunk.len() - 1);
        let reply = session.patch(start, chunk).is(202).has("range", &range);
        assert!(!reply.location().is_empty());
    }
    let reply = session.finish(&content.digest).send().is(201);
    let blob = registry.get(&reply.location()).is(200);
    blob.body_is(&content.bytes);
}

/// "If the registry has a minimum chunk size", `OCI-Chunk-Min-Length` gives it; "the final chunk
/// MAY have any length", even if it is also the first chunk.
fn the_least_chunk_is_a_number_that_is_kept_to(registry: &Served) {
    let name = registry.repository();
    let chunk = registry.session(&name).chunk;
    for length in [1, chunk, chunk + 1, 2 * chunk] {
        let content = Content::new(length);
        let mut session = registry.session(&name);
        for (start, chunk) in session.chunks(&content.bytes) {
            session.patch(start, chunk).is(202);
        }
        let reply = session.finish(&content.digest).send().is(201);
        let blob = registry.get(&reply.location()).is(200);
        blob.body_is(&content.bytes);
    }
}

/// Checks after a refusal that the state of the upload is the same as before.
#[track_caller]
fn has_come_to(session: &mut Session<'_>, end: usize) {
    let reply = session.status().is(204);
    let range = reply.header("range").unwrap_or_else(|| panic!("{reply:?}"));
    let last = range
        .strip_prefix("0-")
        .unwrap_or_else(|| panic!("{reply:?}"));
    // This notation cannot express the range of an empty upload.
    if end > 0 {
        assert_eq!(last, (end - 1).to_string());
    }
}

/// "If a chunk is uploaded out of order, the registry MUST respond with a 416"; a `GET` returns
/// offset and location, and the upload continues from there. Checked for each algorithm, and with
/// and without a chunk in the closing `PUT`.
fn a_chunk_out_of_order_is_416_and_changes_nothing(registry: &Served) {
    let name = registry.repository();
    for algorithm in ALGORITHMS {
        for chunk_in_put in [false, true] {
            let length = three_chunks(registry, &name).bytes.len();
            let content = Content::with(algorithm, length);
            let mut session = registry.session(&name);
            let mut chunks = session.chunks(&content.bytes);
            let last = chunk_in_put.then(|| chunks.pop().unwrap());
            let size = session.chunk;
            for (start, chunk) in chunks {
                // A chunk that is ahead of its turn, or the first one again.
                let wrong = if start + size < length {
                    start + size
                } else {
                    0
                };
                let wrong_chunk = &content.bytes[wrong..length.min(wrong + size)];
                session.patch(wrong, wrong_chunk).is(416);
                has_come_to(&mut session, start);
                session.patch(start, chunk).is(202);
            }
            let finish = session.finish(&content.digest);
            let finish = match last {
                None => finish,
                Some((start, chunk)) => finish
                    .header("Content-Range", &format!("{start}-{}", length - 1))
                    .body(chunk),
            };
            let reply = finish.send().is(201);
            let blob = registry.get(&reply.location()).is(200);
            blob.body_is(&content.bytes);
        }
    }
}

/// end-6 has 416 as well: a closing `PUT` with a chunk that does not fit leaves the upload open.
fn a_last_chunk_out_of_order_is_416_and_changes_nothing(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    let mut session = registry.session(&name);
    let chunks = session.chunks(&content.bytes);
    let (start, last) = chunks[2];
    let place = format!("{start}-{}", content.bytes.len() - 1);
    for (number, end) in [(0, 0), (1, chunks[1].0)] {
        let finish = session.finish(&content.digest);
        let finish = finish.header("Content-Range", &place).body(last);
        finish.send().is(416);
        has_come_to(&mut session, end);
        registry.get(&content.path(&name)).is(404);
        session.patch(chunks[number].0, chunks[number].1).is(202);
    }
    let finish = session.finish(&content.digest);
    let finish = finish.header("Content-Range", &place).body(last);
    let reply = finish.send().is(201);
    let blob = registry.get(&reply.location()).is(200);
    blob.body_is(&content.bytes);
}

/// "The first chunk's range MUST begin with 0."
fn the_first_chunk_begins_at_zero(registry: &Served) {
    let name = registry.repository();
    let mut session = registry.session(&name);
    session.patch(1, b"late").is(416);
    has_come_to(&mut session, 0);
}

/// A client that did not get the response sends the chunk again: 416 shows how much was received.
fn a_chunk_that_is_sent_twice_is_416_the_second_time(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    let mut session = registry.session(&name);
    let chunks = session.chunks(&content.bytes);
    session.patch(chunks[0].0, chunks[0].1).is(202);
    session.patch(chunks[0].0, chunks[0].1).is(416);
    has_come_to(&mut session, chunks[1].0);
    // The first half of the chunk is there already, the second half is not.
    let middle = chunks[1].0 / 2;
    session
        .patch(middle, &content.bytes[middle..middle + session.chunk])
        .is(416);
    has_come_to(&mut session, chunks[1].0);
}

/// "It MUST match `^[0-9]+-[0-9]+$`": 400 or 416 for a range that is malformed or ends before it
/// starts.
fn ranges_that_are_none_are_refused(registry: &Served) {
    let name = registry.repository();
    let mut session = registry.session(&name);
    for range in [
        "3-0",
        "0-",
        "-3",
        "a-b",
        "0",
        "+0-3",
        "0-99999999999999999999",
        "0- 3x",
    ] {
        let reply = registry
            .request("PATCH", &session.location)
            .header("Content-Range", range)
            .body(b"data")
            .send();
        assert!(matches!(reply.status, 400 | 416), "{reply:?}");
        has_come_to(&mut session, 0);
    }
    session.patch(0, b"data").is(202);
}

/// "The length is the content-length, in bytes, of the current chunk" and agrees with the range.
fn a_chunk_has_the_length_that_it_says(registry: &Served) {
    let name = registry.repository();
    let session = registry.session(&name);
    for range in ["0-2", "0-4"] {
        registry
            .request("PATCH", &session.location)
            .header("Content-Range", range)
            .body(b"data")
            .send()
            .is_error(400, "SIZE_INVALID");
    }
    registry
        .request("PATCH", &session.location)
        .header("Content-Range", "0-2")
        .streamed(b"data")
        .send()
        .is_error(400, "SIZE_INVALID");
}

/// Clients stream: a `PATCH` without `Content-Range`, with or without a length, appends to the
/// upload.
fn chunks_need_not_say_where_they_belong(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    let mut session = registry.session(&name);
    let chunks = session.chunks(&content.bytes);
    session.stream(chunks[0].1).is(202);
    let request = registry.request("PATCH", &session.location);
    let reply = request.body(chunks[1].1).send().is(202);
    session.location = reply.location();
    let finish = session.finish(&content.digest).body(chunks[2].1);
    let reply = finish.send().is(201);
    let blob = registry.get(&reply.location()).is(200);
    blob.body_is(&content.bytes);
}

/// end-13: "MUST be a 204 No Content response code, and MUST have" `Location` and `Range`.
fn the_status_says_how_far_the_upload_came(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    let mut session = registry.session(&name);
    has_come_to(&mut session, 0);
    let mut end = 0;
    for (start, chunk) in session.chunks(&content.bytes) {
        session.patch(start, chunk).is(202);
        end = start + chunk.len();
        has_come_to(&mut session, end);
    }
    assert_eq!(end, content.bytes.len());
    let reply = session.finish(&content.digest).send();
    reply.is(201);
}

/// "Each consecutive chunk upload SHOULD use the location provided in the response to the previous
/// chunk"; a client that always uses the first location succeeds too.
fn the_place_of_an_upload_keeps_working(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    let mut session = registry.session(&name);
    let first = session.location.clone();
    for (start, chunk) in session.chunks(&content.bytes) {
        session.patch(start, chunk).is(202);
        session.location.clone_from(&first);
    }
    let reply = session.finish(&content.digest).send();
    reply.is(201);
}

/// "If successful, the response SHOULD be a 204"; the received bytes are released, for an empty
/// upload and for one in progress.
fn a_cancelled_upload_is_gone(registry: &Served) {
    let name = registry.repository();
    let content = three_chunks(registry, &name);
    for chunks in [0, 1, 3] {
        let mut session = registry.session(&name);
        for (start, chunk) in session.chunks(&content.bytes).into_iter().take(chunks) {
            session.patch(start, chunk).is(202);
        }
        session.cancel().is(204);
        session.status().is_error(404, "BLOB_UPLOAD_UNKNOWN");
        session
            .patch(0, b"more")
            .is_error(404, "BLOB_UPLOAD_UNKNOWN");
        let reply = session.finish(&content.digest).body(&content.bytes).send();
        reply.is_error(404, "BLOB_UPLOAD_UNKNOWN");
        session.cancel().is_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
    registry.get(&content.path(&name)).is(404);
}

/// end-5, end-6, end-13, end-14: 404 for unknown uploads.
fn uploads_that_never_were_are_404(registry: &Served) {
    let name = registry.repository();
    let session = registry.session(&name);
    let (base, id) = session.location.rsplit_once('/').unwrap();
    let digest = Content::new(4).digest;
    let other: String = id
        .chars()
        .map(|c| {
            if c == '0' {
                '1'
            } else if c.is_ascii_hexdigit() {
                '0'
            } else {
                c
            }
        })
        .collect();
    for id in [other.as_str(), "x", "..%2f..", "%00"] {
        for (method, query) in [
            ("GET", String::new()),
            ("PATCH", String::new()),
            ("PUT", format!("?digest={digest}")),
            ("DELETE", String::new()),
        ] {
            let path = format!("{base}/{id}{query}");
            let reply = registry.request(method, &path).send();
            assert!(matches!(reply.status, 400 | 404), "{reply:?}");
        }
    }
}
