mod fake;
mod manifests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use lazaret_client::{BlobSource, BytesSource, Class, Error, FileSource, PushBlob, Pushed};
use lazaret_oci::{Descriptor, Digest, ManifestDocument};

use fake::{Quirks, registry};

use crate::support::{Fake, Reply, Seen, client, manifest_json, noise};

const MIB: usize = 1024 * 1024;

async fn push(quirks: Quirks, size: usize) -> (Fake, Result<Pushed, Error>) {
    let fake = Fake::start_with(str::to_owned, registry(quirks)).await;
    let content = noise(size);
    let blob = Descriptor::of("x/y", &content);
    let reference = fake.reference("a");
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
    (fake, result)
}

#[tokio::test]
async fn a_blob_goes_in_one_stream_after_two_small_requests() {
    for size in [0, 1, 10 * MIB] {
        let (fake, result) = push(Quirks::default(), size).await;
        assert_eq!(result.unwrap(), Pushed::Sent);
        let methods: Vec<String> = fake.seen()[..3].iter().map(|s| s.method.clone()).collect();
        assert_eq!(methods, ["HEAD", "POST", "PUT"], "{size}");
        assert_eq!(
            fake.seen()[2].header("content-length"),
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
    let fake = Fake::start(|_| Reply::new(200)).await;
    let pushed = client()
        .push_blob(
            &fake.reference("a"),
            &Descriptor::empty(),
            &BytesSource(b"{}".as_slice().into()),
            &PushBlob::default(),
        )
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Present);
    assert_eq!(fake.log().len(), 1);
}

#[tokio::test]
async fn a_mount_saves_the_upload_and_a_refused_one_does_not_hurt() {
    let wishes = PushBlob {
        mount_from: Some("other/place".parse().unwrap()),
        advanced: None,
    };
    let blob = Descriptor::empty();
    let source = BytesSource(b"{}".as_slice().into());
    let fake = Fake::start(|seen| {
        if seen.method == "HEAD" {
            Reply::new(404)
        } else {
            Reply::new(201)
        }
    })
    .await;
    let pushed = client()
        .push_blob(&fake.reference("a"), &blob, &source, &wishes)
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Mounted);
    assert_eq!(
        fake.log()[1],
        format!(
            "POST /v2/a/blobs/uploads/?mount={}&from=other/place",
            blob.digest
        )
    );
    // 202: a session instead; other statuses: a new session.
    for status in [202, 403, 404, 500] {
        let inner = registry(Quirks::default());
        let fake = Fake::start_with(str::to_owned, move |seen, own| {
            if seen.target.contains("mount=") && status != 202 {
                Reply::new(status)
            } else {
                inner(seen, own)
            }
        })
        .await;
        let pushed = client()
            .push_blob(&fake.reference("a"), &blob, &source, &wishes)
            .await
            .unwrap();
        assert_eq!(pushed, Pushed::Sent, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_large_put_gets_chunks_it_takes() {
    // As GHCR: no request over 4 MiB.
    let quirks = Quirks {
        largest_put: Some(4 * MIB),
        largest_chunk: Some(4 * MIB),
        ..Quirks::default()
    };
    let (fake, result) = push(quirks, 10 * MIB + 5).await;
    result.unwrap();
    let sizes: Vec<usize> = fake
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
    let (fake, result) = push(quirks, 13 * MIB).await;
    result.unwrap();
    let sizes: Vec<usize> = fake
        .seen()
        .iter()
        .filter(|s| s.method == "PATCH")
        .map(|s| s.body.len())
        .collect();
    assert_eq!(sizes, [6 * MIB, 6 * MIB, MIB]);
}

#[tokio::test]
async fn chunks_answered_with_201_and_stale_ranges_count() {
    // As ECR.
    let quirks = Quirks {
        largest_put: Some(MIB),
        patched: Some(201),
        stale: true,
        moving: true,
        ..Quirks::default()
    };
    let (fake, result) = push(quirks, 9 * MIB).await;
    result.unwrap();
    assert_eq!(fake.count("PATCH", "uploads"), 3);
}

#[tokio::test]
async fn refusals_of_a_single_put_lead_to_chunks() {
    for status in [405, 411, 413, 416, 501] {
        let (fake, result) = push(
            Quirks {
                put: vec![status; 9],
                ..Quirks::default()
            },
            MIB,
        )
        .await;
        result.unwrap();
        assert_eq!(fake.count("PATCH", "uploads"), 1, "{status}");
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
    // As GAR: the first stream breaks off, and there are no chunks to go on with.
    for status in [400, 404, 405, 501] {
        let quirks = Quirks {
            put: vec![0],
            no_chunks: Some(status),
            ..Quirks::default()
        };
        let (fake, result) = push(quirks, 5 * MIB).await;
        result.unwrap();
        assert_eq!(fake.count("PATCH", "uploads"), 1, "{status}");
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
        let (fake, result) = push(quirks, 17 * MIB).await;
        result.unwrap();
        let starts: Vec<String> = fake
            .seen()
            .iter()
            .filter_map(|s| s.header("content-range").map(str::to_owned))
            .collect();
        let sent: usize = fake
            .seen()
            .iter()
            .filter(|s| s.method == "PATCH")
            .map(|s| s.body.len())
            .sum();
        assert!(sent <= 17 * MIB + 2 * 4 * MIB, "{status}: {starts:?}");
        assert_eq!(
            fake.count("POST", "uploads"),
            2,
            "{status}: one session after the refused stream"
        );
    }
}

#[tokio::test]
async fn a_put_that_always_fails_is_given_up() {
    let fake = Fake::start(|seen| match seen.method.as_str() {
        "HEAD" => Reply::new(404),
        "POST" => Reply::new(202).with("Location", "/v2/a/blobs/uploads/1"),
        _ => Reply::json(503, r#"{"errors":[{"code":"X","message":"disk full"}]}"#),
    })
    .await;
    let content = noise(1000);
    let error = client()
        .push_blob(
            &fake.reference("a"),
            &Descriptor::of("x/y", &content),
            &BytesSource(content.into()),
            &PushBlob::default(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains("disk full"), "{error}");
    assert!(fake.log().len() < 40, "{}", fake.log().len());
}

#[tokio::test]
async fn wrong_content_is_the_servers_verdict() {
    let fake = Fake::start_with(str::to_owned, registry(Quirks::default())).await;
    let blob = Descriptor::of("x/y", b"right");
    let source = BytesSource(b"wrong".as_slice().into());
    let error = client()
        .push_blob(&fake.reference("a"), &blob, &source, &PushBlob::default())
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Invalid);
    assert!(error.answer().unwrap().has_code("DIGEST_INVALID"));
    assert!(error.to_string().contains("not what you said"), "{error}");
}

#[tokio::test]
async fn a_source_that_is_short_or_missing_is_a_local_error() {
    let fake = Fake::start_with(str::to_owned, registry(Quirks::default())).await;
    let blob = Descriptor::of("x/y", &noise(1000));
    let missing = FileSource("/nonexistent/blob".into());
    let short = BytesSource(noise(999).into());
    for source in [&missing as &dyn BlobSource, &short] {
        let error = client()
            .push_blob(&fake.reference("a"), &blob, source, &PushBlob::default())
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
    let fake = Fake::start_with(
        str::to_owned,
        registry(Quirks {
            largest_put: Some(MIB),
            ..Quirks::default()
        }),
    )
    .await;
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
        .push_blob(&fake.reference("a"), &blob, &FileSource(path), &wishes)
        .await
        .unwrap();
    assert_eq!(
        told.load(Ordering::SeqCst),
        6 * MIB as u64,
        "the refused stream and the chunks"
    );
}

#[tokio::test]
async fn a_refusal_before_the_body_is_read_is_survived() {
    // As proxies: they answer after the header, read nothing more, and close.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let state = Arc::new(registry(Quirks::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let reference = format!("{own}/a").parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (state, own) = (Arc::clone(&state), own.clone());
            tokio::spawn(async move {
                let mut start = [0; 4];
                if stream.peek(&mut start).await.is_ok() && &start == b"PUT " {
                    let mut head = [0; 2048];
                    let got = stream.read(&mut head).await.unwrap();
                    if !String::from_utf8_lossy(&head[..got]).contains("content-length: 0") {
                        let refusal =
                            b"HTTP/1.1 413 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                        let _ = stream.write_all(refusal).await;
                        return;
                    }
                    // The closing request of the chunks.
                    let text = String::from_utf8_lossy(&head[..got]).into_owned();
                    let target = text.split(' ').nth(1).unwrap().to_owned();
                    let seen = Seen {
                        method: "PUT".to_owned(),
                        target,
                        headers: HashMap::new(),
                        body: Vec::new(),
                    };
                    assert!(
                        matches!(state(&seen, &own), reply if format!("{reply:?}").contains("201"))
                    );
                    let _ = stream
                        .write_all(
                            b"HTTP/1.1 201 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                        )
                        .await;
                    return;
                }
                // One request a connection, so that each PUT starts one.
                let mut answered = false;
                let _ = crate::support::serve(stream, |seen| {
                    assert!(!std::mem::replace(&mut answered, true));
                    state(seen, &own).with("Connection", "close")
                })
                .await;
            });
        }
    });
    let content = noise(20 * MIB);
    let blob = Descriptor::of("x/y", &content);
    let source = BytesSource(content.into());
    let pushed = client()
        .push_blob(&reference, &blob, &source, &PushBlob::default())
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Sent);
}

#[tokio::test]
async fn a_token_that_expires_before_the_stream_is_renewed() {
    let inner = registry(Quirks::default());
    let issued = AtomicUsize::new(0);
    let fake = Fake::start_with(str::to_owned, move |seen, own| {
        if seen.path() == "/token" {
            let n = issued.fetch_add(1, Ordering::SeqCst);
            return Reply::json(
                200,
                &format!(r#"{{"token":"token-{n}","expires_in":3600}}"#),
            );
        }
        let challenge = || {
            let value = format!(r#"Bearer realm="http://{own}/token""#);
            Reply::new(401).with("WWW-Authenticate", value)
        };
        match seen.header("authorization") {
            Some("Bearer token-0") if seen.method == "PUT" => challenge(),
            Some(_) => inner(seen, own),
            None => challenge(),
        }
    })
    .await;
    let content = noise(3 * MIB);
    let blob = Descriptor::of("x/y", &content);
    let pushed = crate::support::client_with(crate::support::basic())
        .push_blob(
            &fake.reference("a"),
            &blob,
            &BytesSource(content.into()),
            &PushBlob::default(),
        )
        .await
        .unwrap();
    assert_eq!(pushed, Pushed::Sent);
    assert_eq!(fake.count("GET", "/token"), 2);
}
