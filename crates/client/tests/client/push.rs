mod manifests;
mod quirks;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use lazaret_client::{BlobSource, BytesSource, Class, Error, FileSource, PushBlob, Pushed};
use lazaret_oci::{Descriptor, Digest, ManifestDocument};

use quirks::{Quirks, registry};

use crate::support::{Answer, AsRegistry, Peer, client, manifest_json, noise};

const MIB: usize = 1024 * 1024;

async fn push(quirks: Quirks, size: usize) -> (Peer, Result<Pushed, Error>) {
    let peer = Peer::start_with(str::to_owned, registry(quirks));
    let content = noise(size);
    let blob = Descriptor::of("x/y", &content);
    let reference = peer.reference("a");
    let source = BytesSource(content.into());
    let result = client()
        .push_blob(&reference, &blob, &source, &PushBlob::default())
        .await;
    if result.is_ok() {
        assert!(
            client()
                .blob_exists(&reference, &blob.digest)
                .await
                .unwrap()
        );
    }
    (peer, result)
}

#[tokio::test]
async fn a_blob_goes_in_one_stream_after_two_small_requests() {
    for size in [0, 1, 10 * MIB] {
        let (peer, result) = push(Quirks::default(), size).await;
        assert_eq!(result.unwrap(), Pushed::Sent);
        let methods: Vec<String> = peer.seen()[..3].iter().map(|s| s.method.clone()).collect();
        assert_eq!(methods, ["HEAD", "POST", "PUT"], "{size}");
        assert_eq!(
            peer.seen()[2].header("content-length"),
            Some(size.to_string().as_str())
        );
    }
}

#[tokio::test]
async fn relative_locations_work() {
    let (_, result) = push(
        Quirks {
            relative: true,
            moving: true,
            largest_put: Some(MIB),
            ..Quirks::default()
        },
        9 * MIB,
    )
    .await;
    result.unwrap();
}

#[tokio::test]
async fn what_is_there_is_not_sent() {
    let peer = Peer::start(|_| Answer::new(200));
    let pushed = client()
        .push_blob(
            &peer.reference("a"),
            &Descriptor::empty(),
            &BytesSource(b"{}".as_slice().into()),
            &PushBlob::default(),
        )
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Present);
    assert_eq!(peer.log().len(), 1);
}

#[tokio::test]
async fn a_mount_saves_the_upload_and_a_refused_one_does_not_hurt() {
    let wishes = PushBlob {
        mount_from: Some("other/place".parse().unwrap()),
        advanced: None,
    };
    let blob = Descriptor::empty();
    let source = BytesSource(b"{}".as_slice().into());
    let peer = Peer::start(|seen| {
        if seen.method == "HEAD" {
            Answer::new(404)
        } else {
            Answer::new(201)
        }
    });
    let pushed = client()
        .push_blob(&peer.reference("a"), &blob, &source, &wishes)
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Mounted);
    assert_eq!(
        peer.log()[1],
        format!(
            "POST /v2/a/blobs/uploads/?mount={}&from=other/place",
            blob.digest
        )
    );
    // 202: a session instead of a mount; other statuses: a new session.
    for status in [202, 403, 404, 500] {
        let inner = registry(Quirks::default());
        let peer = Peer::start_with(str::to_owned, move |seen, own| {
            if seen.target.contains("mount=") && status != 202 {
                Answer::new(status)
            } else {
                inner(seen, own)
            }
        });
        let pushed = client()
            .push_blob(&peer.reference("a"), &blob, &source, &wishes)
            .await
            .unwrap();
        assert_eq!(pushed, Pushed::Sent, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_large_put_gets_chunks_it_takes() {
    // Like GHCR: no request over 4 MiB.
    let quirks = Quirks {
        largest_put: Some(4 * MIB),
        largest_chunk: Some(4 * MIB),
        ..Quirks::default()
    };
    let (peer, result) = push(quirks, 10 * MIB + 5).await;
    result.unwrap();
    let sizes: Vec<usize> = peer
        .seen()
        .iter()
        .filter(|s| s.method == "PATCH")
        .map(|s| s.body.len())
        .collect();
    assert_eq!(sizes, [4 * MIB, 4 * MIB, 2 * MIB + 5]);
}

#[tokio::test]
async fn chunks_shrink_when_they_are_too_large() {
    let quirks = Quirks {
        largest_put: Some(MIB),
        largest_chunk: Some(MIB / 4),
        ..Quirks::default()
    };
    let (_, result) = push(quirks, 5 * MIB).await;
    result.unwrap();
}

#[tokio::test]
async fn the_least_chunk_is_honoured() {
    let quirks = Quirks {
        largest_put: Some(MIB),
        least_chunk: Some(6 * MIB),
        ..Quirks::default()
    };
    let (peer, result) = push(quirks, 13 * MIB).await;
    result.unwrap();
    let sizes: Vec<usize> = peer
        .seen()
        .iter()
        .filter(|s| s.method == "PATCH")
        .map(|s| s.body.len())
        .collect();
    assert_eq!(sizes, [6 * MIB, 6 * MIB, MIB]);
}

#[tokio::test]
async fn chunks_answered_with_201_and_stale_ranges_count() {
    // Like ECR.
    let quirks = Quirks {
        largest_put: Some(MIB),
        patched: Some(201),
        stale: true,
        moving: true,
        ..Quirks::default()
    };
    let (peer, result) = push(quirks, 9 * MIB).await;
    result.unwrap();
    assert_eq!(peer.count("PATCH", "uploads"), 3);
}

#[tokio::test]
async fn refusals_of_a_single_put_lead_to_chunks() {
    for status in [405, 411, 413, 416, 501] {
        let (peer, result) = push(
            Quirks {
                put: vec![status; 9],
                ..Quirks::default()
            },
            MIB,
        )
        .await;
        result.unwrap();
        assert_eq!(peer.count("PATCH", "uploads"), 1, "{status}");
    }
}

#[tokio::test]
async fn passing_failures_of_a_put_are_overcome() {
    for status in [0, 429, 502, 503] {
        let (_, result) = push(
            Quirks {
                put: vec![status, status],
                ..Quirks::default()
            },
            9 * MIB,
        )
        .await;
        assert_eq!(result.unwrap(), Pushed::Sent, "{status}");
    }
}

#[tokio::test]
async fn a_server_without_chunks_gets_the_stream_again() {
    // Like GAR: the first stream breaks off, and chunks are not supported.
    for status in [400, 404, 405, 501] {
        let quirks = Quirks {
            put: vec![0],
            no_chunks: Some(status),
            ..Quirks::default()
        };
        let (peer, result) = push(quirks, 5 * MIB).await;
        result.unwrap();
        assert_eq!(peer.count("PATCH", "uploads"), 1, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_takes_neither_is_an_error_in_its_own_words() {
    let quirks = Quirks {
        put: vec![413; 9],
        no_chunks: Some(405),
        ..Quirks::default()
    };
    let (_, result) = push(quirks, 5 * MIB).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.class(), error.status()),
        (Class::Invalid, Some(405)),
        "{error}"
    );
}

#[tokio::test]
async fn broken_chunks_go_on_where_the_server_is() {
    for status in [0, 503] {
        let quirks = Quirks {
            largest_put: Some(MIB),
            patch: vec![200, status, 200, status],
            ..Quirks::default()
        };
        let (peer, result) = push(quirks, 17 * MIB).await;
        result.unwrap();
        let starts: Vec<String> = peer
            .seen()
            .iter()
            .filter_map(|s| s.header("content-range").map(str::to_owned))
            .collect();
        let sent: usize = peer
            .seen()
            .iter()
            .filter(|s| s.method == "PATCH")
            .map(|s| s.body.len())
            .sum();
        assert!(sent <= 17 * MIB + 2 * 4 * MIB, "{status}: {starts:?}");
        assert_eq!(
            peer.count("POST", "uploads"),
            2,
            "{status}: one session after the refused stream"
        );
    }
}

#[tokio::test]
async fn a_put_that_always_fails_is_given_up() {
    let peer = Peer::start(|seen| match seen.method.as_str() {
        "HEAD" => Answer::new(404),
        "POST" => Answer::new(202).with("Location", "/v2/a/blobs/uploads/1"),
        _ => Answer::json(503, r#"{"errors":[{"code":"X","message":"disk full"}]}"#),
    });
    let content = noise(1000);
    let error = client()
        .push_blob(
            &peer.reference("a"),
            &Descriptor::of("x/y", &content),
            &BytesSource(content.into()),
            &PushBlob::default(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains("disk full"), "{error}");
    assert!(peer.log().len() < 40, "{}", peer.log().len());
}

#[tokio::test]
async fn wrong_content_is_the_servers_verdict() {
    let peer = Peer::start_with(str::to_owned, registry(Quirks::default()));
    let blob = Descriptor::of("x/y", b"right");
    let source = BytesSource(b"wrong".as_slice().into());
    let error = client()
        .push_blob(&peer.reference("a"), &blob, &source, &PushBlob::default())
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    assert!(error.answer().unwrap().has_code("DIGEST_INVALID"));
    assert!(error.to_string().contains("not what you said"), "{error}");
}

#[tokio::test]
async fn a_source_that_is_short_or_missing_is_a_local_error() {
    let peer = Peer::start_with(str::to_owned, registry(Quirks::default()));
    let blob = Descriptor::of("x/y", &noise(1000));
    let missing = FileSource("/nonexistent/blob".into());
    let short = BytesSource(noise(999).into());
    for source in [&missing as &dyn BlobSource, &short] {
        let error = client()
            .push_blob(&peer.reference("a"), &blob, source, &PushBlob::default())
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Local, "{error}");
    }
}

#[tokio::test]
async fn files_are_sources_and_progress_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blob");
    let content = noise(3 * MIB);
    std::fs::write(&path, &content).unwrap();
    let peer = Peer::start_with(
        str::to_owned,
        registry(Quirks {
            largest_put: Some(MIB),
            ..Quirks::default()
        }),
    );
    let told = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&told);
    let wishes = PushBlob {
        mount_from: None,
        advanced: Some(Arc::new(move |bytes| {
            counter.fetch_add(bytes, Ordering::SeqCst);
        })),
    };
    let mut small = crate::support::options();
    small.chunk_bytes = MIB as u64;
    let client = lazaret_client::Client::new(small, Arc::new(lazaret_client::Anonymous)).unwrap();
    let blob = Descriptor::of("x/y", &content);
    client
        .push_blob(&peer.reference("a"), &blob, &FileSource(path), &wishes)
        .await
        .unwrap();
    assert_eq!(
        told.load(Ordering::SeqCst),
        6 * MIB as u64,
        "the refused stream and the chunks"
    );
}

/// Like a proxy: answers a PUT after the header, reads no body, and closes.
fn impatient(mut stream: TcpStream) -> Option<TcpStream> {
    let mut head = [0; 2048];
    loop {
        let got = stream.peek(&mut head).ok().filter(|got| *got > 0)?;
        let text = String::from_utf8_lossy(&head[..got]);
        let Some((lines, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        if !lines.starts_with("PUT ") || lines.contains("content-length: 0") {
            return Some(stream);
        }
        stream.read_exact(&mut vec![0; lines.len() + 4]).ok()?;
        let refusal = b"HTTP/1.1 413 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(refusal).ok()?;
        return None;
    }
}

#[tokio::test]
async fn a_refusal_before_the_body_is_read_is_survived() {
    let state = registry(Quirks::default());
    let peer = Peer::start_over(impatient, str::to_owned, move |seen, own| {
        // One request for each connection, so that each PUT opens one.
        state(seen, own).with("Connection", "close")
    });
    let content = noise(20 * MIB);
    let blob = Descriptor::of("x/y", &content);
    let source = BytesSource(content.into());
    let pushed = client()
        .push_blob(&peer.reference("a"), &blob, &source, &PushBlob::default())
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Sent);
}

#[tokio::test]
async fn a_token_that_expires_before_the_stream_is_renewed() {
    let inner = registry(Quirks::default());
    let issued = AtomicUsize::new(0);
    let peer = Peer::start_with(str::to_owned, move |seen, own| {
        if seen.path() == "/token" {
            let n = issued.fetch_add(1, Ordering::SeqCst);
            return Answer::json(
                200,
                &format!(r#"{{"token":"token-{n}","expires_in":3600}}"#),
            );
        }
        let challenge = || {
            let value = format!(r#"Bearer realm="http://{own}/token""#);
            Answer::new(401).with("WWW-Authenticate", value)
        };
        match seen.header("authorization") {
            Some("Bearer token-0") if seen.method == "PUT" => challenge(),
            Some(_) => inner(seen, own),
            None => challenge(),
        }
    });
    let content = noise(3 * MIB);
    let blob = Descriptor::of("x/y", &content);
    let pushed = crate::support::client_with(crate::support::basic())
        .push_blob(
            &peer.reference("a"),
            &blob,
            &BytesSource(content.into()),
            &PushBlob::default(),
        )
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Sent);
    assert_eq!(peer.count("GET", "/token"), 2);
}
