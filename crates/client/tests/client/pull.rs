mod manifests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt;
use lazaret_client::{Class, Error};
use lazaret_oci::{Descriptor, Digest, Hasher, Platform, media_type};

use crate::support::{Answer, AsRegistry, MANIFEST, Peer, client, full, manifest_json, noise};

fn layer(bytes: &[u8]) -> Descriptor {
    Descriptor::of(media_type::LAYER_GZIP, bytes)
}

async fn read(peer: &Peer, blob: &Descriptor) -> Result<Vec<u8>, Error> {
    let reference = peer.reference("team/app");
    let mut out = Vec::new();
    client().blob_to(&reference, blob, &mut out).await?;
    Ok(out)
}

/// Serves ranges of `content`; `cut` gives the number of bytes after which the answer breaks off.
fn ranged(
    content: Vec<u8>,
    cut: impl Fn(usize) -> Option<usize> + Send + Sync,
) -> impl Fn(&crate::support::Seen) -> Answer + Send + Sync {
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
            Answer::new(206).with(
                "Content-Range",
                format!("bytes {start}-{}/{}", content.len() - 1, content.len()),
            )
        } else {
            Answer::new(200)
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
    let peer = Peer::start(ranged(content.clone(), |_| None));
    assert_eq!(read(&peer, &layer(&content)).await.unwrap(), content);
    assert_eq!(peer.log().len(), 1);
    assert!(
        peer.seen()[0]
            .header("user-agent")
            .unwrap()
            .starts_with("lazaret/")
    );
}

#[tokio::test]
async fn an_empty_blob_arrives() {
    let peer = Peer::start(|_| Answer::new(200));
    assert_eq!(read(&peer, &layer(b"")).await.unwrap(), b"");
}

#[tokio::test]
async fn a_broken_connection_resumes_where_it_broke() {
    let content = noise(3_000_000);
    let peer = Peer::start(ranged(content.clone(), |n| {
        [Some(1_000_000), Some(500_000)].get(n).copied().flatten()
    }));
    assert_eq!(read(&peer, &layer(&content)).await.unwrap(), content);
    let ranges: Vec<_> = peer
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
    let peer = Peer::start(move |_| {
        if first.fetch_add(1, Ordering::SeqCst) == 0 {
            Answer::new(200).body(&body[..150_000]).announce(body.len())
        } else {
            Answer::new(200).body(&body)
        }
    });
    assert_eq!(read(&peer, &layer(&content)).await.unwrap(), content);
    assert_eq!(peer.log().len(), 2);
}

#[tokio::test]
async fn a_pull_continues_what_an_earlier_run_left() {
    let content = noise(1_000_000);
    let peer = Peer::start(ranged(content.clone(), |_| None));
    let blob = layer(&content);
    let mut hasher = Hasher::new(blob.digest.algorithm());
    hasher.update(&content[..900_000]);
    let rest: Vec<u8> = client()
        .blob_from(&peer.reference("team/app"), &blob, 900_000, hasher)
        .await
        .unwrap()
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
        .unwrap();
    assert_eq!(rest, &content[900_000..]);
    assert_eq!(peer.seen()[0].header("range"), Some("bytes=900000-"));
}

#[tokio::test]
async fn a_whole_earlier_run_is_only_verified() {
    let content = noise(1000);
    let peer = Peer::start(|_| Answer::new(500));
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
            .blob_from(&peer.reference("a"), &blob, 1000, hasher)
            .await
            .unwrap()
            .try_next()
            .await;
        assert_eq!(end.is_ok(), good, "{end:?}");
    }
    assert!(peer.log().is_empty());
}

#[tokio::test]
async fn a_range_that_starts_elsewhere_is_rejected() {
    let content = noise(100_000);
    for lie in [
        "bytes 50001-99999/100000",
        "bytes 50000-99999/100001",
        "bytes 50000-50001/100000",
        "bytes */100000",
        "",
    ] {
        let (body, first) = (content.clone(), AtomicUsize::new(0));
        let peer = Peer::start(move |_| {
            if first.fetch_add(1, Ordering::SeqCst) == 0 {
                Answer::new(200).body(&body[..50_000]).announce(body.len())
            } else {
                Answer::new(206)
                    .with("Content-Range", lie)
                    .body(&body[50_000..])
            }
        });
        let error = read(&peer, &layer(&content)).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{lie}: {error}");
        // The second time for the whole.
        assert_eq!(peer.log().len(), 3, "{lie}");
    }
}

#[tokio::test]
async fn a_connection_that_always_breaks_ends_the_pull() {
    let content = noise(100_000);
    let peer = Peer::start(ranged(content.clone(), |_| Some(10)));
    let error = read(&peer, &layer(&content)).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable, "{error}");
    assert_eq!(peer.log().len(), 5);
}

#[tokio::test]
async fn a_body_that_stalls_is_resumed() {
    let content = noise(50_000);
    let (body, first) = (content.clone(), AtomicUsize::new(0));
    let mut options = crate::support::options();
    options.timeouts.idle = Duration::from_millis(200);
    let client =
        lazaret_client::Client::new(options, std::sync::Arc::new(lazaret_client::Anonymous))
            .unwrap();
    // The connection stays open after 20 000 bytes: the next request never uses it.
    let peer = Peer::start(move |seen| {
        if first.fetch_add(1, Ordering::SeqCst) == 0 {
            let part = Answer::new(200).body(&body[..20_000]);
            return part.announce(body.len()).hold(Duration::from_secs(30));
        }
        assert_eq!(seen.header("range"), Some("bytes=20000-"));
        Answer::new(206)
            .with("Content-Range", "bytes 20000-49999/50000")
            .body(&body[20_000..])
    });
    let start = std::time::Instant::now();
    let mut out = Vec::new();
    client
        .blob_to(&peer.reference("a"), &layer(&content), &mut out)
        .await
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(out, content);
}

#[tokio::test]
async fn wrong_bytes_are_an_integrity_error_with_both_digests() {
    let content = noise(1000);
    let mut wrong = content.clone();
    wrong[500] ^= 1;
    let served = wrong.clone();
    let peer = Peer::start(move |_| Answer::new(200).body(&served));
    let blob = layer(&content);
    let error = read(&peer, &blob).await.unwrap_err();
    assert_eq!(error.class(), Class::Integrity);
    let text = error.to_string();
    assert!(text.contains(&blob.digest.to_string()), "{text}");
    assert!(text.contains(&Digest::of(&wrong).to_string()), "{text}");
}

#[tokio::test]
async fn bodies_of_another_length_are_integrity_errors() {
    let content = noise(1000);
    let check = async |name: &str, reply: Answer, requests: usize| {
        let peer = Peer::start(move |seen| match seen.header("range") {
            None => reply.clone(),
            Some(_) => Answer::new(416),
        });
        let mut out = Vec::new();
        let error = client()
            .blob_to(&peer.reference("a"), &layer(&noise(1000)), &mut out)
            .await
            .unwrap_err();
        assert_eq!(error.class(), Class::Integrity, "{name}: {error}");
        assert!(out.len() <= 1000, "{name}: excess bytes were passed on");
        assert_eq!(peer.log().len(), requests, "{name}");
    };
    check("announced short", Answer::new(200).body(&content[..999]), 1).await;
    check("announced long", Answer::new(200).body(&noise(1001)), 1).await;
    check("short", Answer::new(200).body(&content[..999]).chunked(), 3).await;
    check("long", Answer::new(200).body(&noise(100_000)).chunked(), 1).await;
}

#[tokio::test]
async fn small_blobs_are_read_within_their_limit() {
    let peer = Peer::start(|_| Answer::new(200).body(b"{}"));
    let blob = Descriptor::empty();
    let reference = peer.reference("a");
    assert_eq!(
        client().blob_bytes(&reference, &blob, 2).await.unwrap(),
        b"{}"
    );
    let error = client().blob_bytes(&reference, &blob, 1).await.unwrap_err();
    assert_eq!(error.class(), Class::Protocol);
}

#[tokio::test]
async fn a_blob_exists_or_not_or_the_server_says_something_else() {
    let peer = Peer::start(|seen| match seen.path() {
        path if path.starts_with("/v2/has/") => Answer::new(200),
        path if path.starts_with("/v2/lacks/") => Answer::new(404),
        _ => Answer::new(403),
    });
    let digest = Digest::of(b"x");
    assert!(
        client()
            .blob_exists(&peer.reference("has"), &digest)
            .await
            .unwrap()
    );
    assert!(
        !client()
            .blob_exists(&peer.reference("lacks"), &digest)
            .await
            .unwrap()
    );
    let error = client()
        .blob_exists(&peer.reference("other"), &digest)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Denied);
}
