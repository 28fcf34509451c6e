mod manifests;

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt;
use lazaret_client::{Class, Error};
use lazaret_oci::{Descriptor, Digest, Hasher, Platform, media_type};

use crate::support::{Fake, MANIFEST, Reply, client, full, manifest_json, noise};

fn layer(bytes: &[u8]) -> Descriptor {
    Descriptor::of(media_type::LAYER_GZIP, bytes)
}

async fn read(fake: &Fake, blob: &Descriptor) -> Result<Vec<u8>, Error> {
    let reference = fake.reference("team/app");
    let mut out = Vec::new();
    client().blob_to(&reference, blob, &mut out).await?;
    Ok(out)
}

/// Serves ranges of `content`; `cut` says after how many bytes the answer breaks off.
fn ranged(
    content: Vec<u8>,
    cut: impl Fn(usize) -> Option<usize> + Send + Sync,
) -> impl Fn(&crate::support::Seen) -> Reply + Send + Sync {
    let requests = AtomicUsize::new(0);
    move |seen| {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        let start: usize = seen
            .header("range")
            .and_then(|range| range.strip_prefix("bytes="))
            .and_then(|range| range.strip_suffix('-'))
            .map_or(0, |start| start.parse().unwrap());
        let rest = &content[start..];
        let reply = if start > 0 {
            Reply::new(206).with(
                "Content-Range",
                format!("bytes {start}-{}/{}", content.len() - 1, content.len()),
            )
        } else {
            Reply::new(200)
        };
        match cut(number) {
            Some(length) if length < rest.len() => reply.body(&rest[..length]).announce(rest.len()),
            _ => reply.body(rest),
        }
    }
}

#[tokio::test]
async fn a_blob_arrives_verified() {
    let content = noise(300_000);
    let fake = Fake::start(ranged(content.clone(), |_| None)).await;
    assert_eq!(read(&fake, &layer(&content)).await.unwrap(), content);
    assert_eq!(fake.log().len(), 1);
    assert!(
        fake.seen()[0]
            .header("user-agent")
            .unwrap()
            .starts_with("lazaret/")
    );
}

#[tokio::test]
async fn an_empty_blob_arrives() {
    let fake = Fake::start(|_| Reply::new(200)).await;
    assert_eq!(read(&fake, &layer(b"")).await.unwrap(), b"");
}

#[tokio::test]
async fn a_broken_connection_resumes_where_it_broke() {
    let content = noise(3_000_000);
    let fake = Fake::start(ranged(content.clone(), |n| {
        [Some(1_000_000), Some(500_000)].get(n).copied().flatten()
    }))
    .await;
    assert_eq!(read(&fake, &layer(&content)).await.unwrap(), content);
    let ranges: Vec<_> = fake
        .seen()
        .iter()
        .map(|s| s.header("range").map(str::to_owned))
        .collect();
    assert_eq!(
        ranges,
        [
            None,
            Some("bytes=1000000-".to_owned()),
            Some("bytes=1500000-".to_owned())
        ],
        "nothing that was received is fetched again"
    );
}

#[tokio::test]
async fn a_server_without_ranges_starts_again_and_what_was_got_is_skipped() {
    let content = noise(200_000);
    let (body, first) = (content.clone(), AtomicUsize::new(0));
    let fake = Fake::start(move |_| {
        if first.fetch_add(1, Ordering::SeqCst) == 0 {
            Reply::new(200).body(&body[..150_000]).announce(body.len())
        } else {
            Reply::new(200).body(&body)
        }
    })
    .await;
    assert_eq!(read(&fake, &layer(&content)).await.unwrap(), content);
    assert_eq!(fake.log().len(), 2);
}

#[tokio::test]
async fn a_pull_continues_what_an_earlier_run_left() {
    let content = noise(1_000_000);
    let fake = Fake::start(ranged(content.clone(), |_| None)).await;
    let blob = layer(&content);
    let mut hasher = Hasher::new(blob.digest.algorithm());
    hasher.update(&content[..900_000]);
    let rest: Vec<u8> = client()
        .blob_from(&fake.reference("team/app"), &blob, 900_000, hasher)
        .await
        .unwrap()
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
        .unwrap();
    assert_eq!(rest, &content[900_000..]);
    assert_eq!(fake.seen()[0].header("range"), Some("bytes=900000-"));
}

#[tokio::test]
async fn a_whole_earlier_run_is_only_verified() {
    let content = noise(1000);
    let fake = Fake::start(|_| Reply::new(500)).await;
    let blob = layer(&content);
    for (have, good) in [
        (content.clone(), true),
        (
            noise(999).into_iter().chain([1]).collect(),
            content[999] == 1,
        ),
    ] {
        let mut hasher = Hasher::new(blob.digest.algorithm());
        hasher.update(&have);
        let end = client()
            .blob_from(&fake.reference("a"), &blob, 1000, hasher)
            .await
            .unwrap()
            .try_next()
            .await;
        assert_eq!(end.is_ok(), good, "{end:?}");
    }
    assert!(fake.log().is_empty());
}

#[tokio::test]
async fn a_range_that_starts_elsewhere_is_rejected() {
    let content = noise(100_000);
    for lie in [
        "bytes 49999-99999/100000",
        "bytes 50000-99999/100001",
        "bytes 50000-50001/100000",
        "bytes */100000",
        "",
    ] {
        let (body, first) = (content.clone(), AtomicUsize::new(0));
        let fake = Fake::start(move |_| {
            if first.fetch_add(1, Ordering::SeqCst) == 0 {
                Reply::new(200).body(&body[..50_000]).announce(body.len())
            } else {
                Reply::new(206)
                    .with("Content-Range", lie)
                    .body(&body[50_000..])
            }
        })
        .await;
        let error = read(&fake, &layer(&content)).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{lie}: {error}");
        assert_eq!(fake.log().len(), 2, "{lie}");
    }
}

#[tokio::test]
async fn a_connection_that_always_breaks_ends_the_pull() {
    let content = noise(100_000);
    let fake = Fake::start(ranged(content.clone(), |_| Some(10))).await;
    let error = read(&fake, &layer(&content)).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable, "{error}");
    assert_eq!(fake.log().len(), 5);
}

#[tokio::test]
async fn a_body_that_stalls_is_resumed() {
    let content = noise(50_000);
    let (body, first) = (content.clone(), AtomicUsize::new(0));
    let mut options = crate::support::options();
    options.timeouts.idle = std::time::Duration::from_millis(200);
    let client =
        lazaret_client::Client::new(options, std::sync::Arc::new(lazaret_client::Anonymous))
            .unwrap();
    // Keeps the connection open after 20 000 bytes: the next request never comes on it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let stalls = first.fetch_add(1, Ordering::SeqCst) == 0;
            let body = body.clone();
            tokio::spawn(async move {
                if stalls {
                    let _ = stream.read(&mut [0; 1024]).await.unwrap();
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    stream.write_all(head.as_bytes()).await.unwrap();
                    stream.write_all(&body[..20_000]).await.unwrap();
                    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
                } else {
                    let _ = crate::support::serve(stream, |seen| {
                        assert_eq!(seen.header("range"), Some("bytes=20000-"));
                        Reply::new(206)
                            .with("Content-Range", "bytes 20000-49999/50000")
                            .body(&body[20_000..])
                    })
                    .await;
                }
            });
        }
    });
    let start = std::time::Instant::now();
    let mut out = Vec::new();
    let reference = format!("{address}/a").parse().unwrap();
    client
        .blob_to(&reference, &layer(&content), &mut out)
        .await
        .unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
    assert_eq!(out, content);
}

#[tokio::test]
async fn wrong_bytes_are_an_integrity_error_with_both_digests() {
    let content = noise(1000);
    let mut wrong = content.clone();
    wrong[500] ^= 1;
    let served = wrong.clone();
    let fake = Fake::start(move |_| Reply::new(200).body(&served)).await;
    let blob = layer(&content);
    let error = read(&fake, &blob).await.unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
    let text = error.to_string();
    assert!(text.contains(&blob.digest.to_string()), "{text}");
    assert!(text.contains(&Digest::of(&wrong).to_string()), "{text}");
}

#[tokio::test]
async fn bodies_of_another_length_are_integrity_errors() {
    let content = noise(1000);
    let check = async |name: &str, reply: Reply, requests: usize| {
        let fake = Fake::start(move |seen| match seen.header("range") {
            None => reply.clone(),
            Some(_) => Reply::new(416),
        })
        .await;
        let mut out = Vec::new();
        let error = client()
            .blob_to(&fake.reference("a"), &layer(&noise(1000)), &mut out)
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Integrity, "{name}: {error}");
        assert!(out.len() <= 1000, "{name}: excess bytes were passed on");
        assert_eq!(fake.log().len(), requests, "{name}");
    };
    check("announced short", Reply::new(200).body(&content[..999]), 1).await;
    check("announced long", Reply::new(200).body(&noise(1001)), 1).await;
    check("short", Reply::new(200).body(&content[..999]).chunked(), 2).await;
    check("long", Reply::new(200).body(&noise(100_000)).chunked(), 1).await;
}

#[tokio::test]
async fn small_blobs_are_read_within_their_limit() {
    let fake = Fake::start(|_| Reply::new(200).body(b"{}")).await;
    let blob = Descriptor::empty();
    let reference = fake.reference("a");
    assert_eq!(
        client().blob_bytes(&reference, &blob, 2).await.unwrap(),
        b"{}"
    );
    let error = client().blob_bytes(&reference, &blob, 1).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
}

#[tokio::test]
async fn a_blob_exists_or_not_or_the_server_says_something_else() {
    let fake = Fake::start(|seen| match seen.path() {
        path if path.starts_with("/v2/has/") => Reply::new(200),
        path if path.starts_with("/v2/lacks/") => Reply::new(404),
        _ => Reply::new(403),
    })
    .await;
    let digest = Digest::of(b"x");
    assert!(
        client()
            .blob_exists(&fake.reference("has"), &digest)
            .await
            .unwrap()
    );
    assert!(
        !client()
            .blob_exists(&fake.reference("lacks"), &digest)
            .await
            .unwrap()
    );
    let error = client()
        .blob_exists(&fake.reference("other"), &digest)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Denied);
}
