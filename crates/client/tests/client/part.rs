use futures_util::TryStreamExt as _;
use lazaret_client::{BlobPart, Class, Error};
use lazaret_oci::{Descriptor, media_type};

use crate::support::{Answer, AsRegistry as _, Peer, Seen, client, noise};

const LENGTH: usize = 200_000;

fn layer(bytes: &[u8]) -> Descriptor {
    Descriptor::of(media_type::LAYER_GZIP, bytes)
}

/// Opens bytes 1000 to 150 000 of a blob of [`LENGTH`] bytes.
async fn open(peer: &Peer) -> Result<BlobPart, Error> {
    let reference = peer.reference("team/app");
    let blob = layer(&noise(LENGTH));
    client().blob_range(&reference, &blob, 1000..150_000).await
}

async fn read(part: BlobPart) -> Result<Vec<u8>, Error> {
    let collect = |mut whole: Vec<u8>, piece: bytes::Bytes| async move {
        whole.extend_from_slice(&piece);
        Ok(whole)
    };
    part.try_fold(Vec::new(), collect).await
}

fn part(range: &str) -> Answer {
    Answer::new(206)
        .with("Content-Range", range)
        .body(&noise(LENGTH)[1000..150_000])
}

#[tokio::test]
async fn a_part_comes_with_one_request() {
    for total in ["200000", "*"] {
        let range = format!("bytes 1000-149999/{total}");
        let peer = Peer::start(move |_| part(&range));
        let opened = open(&peer).await.unwrap();
        assert_eq!(opened.remaining(), 149_000);
        assert_eq!(read(opened).await.unwrap(), noise(LENGTH)[1000..150_000]);
        let seen = peer.seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].header("range"), Some("bytes=1000-149999"));
    }
}

#[tokio::test]
async fn the_part_is_asked_for_wherever_the_registry_points() {
    let storage = Peer::start(|_| part("bytes 1000-149999/200000"));
    let target = format!("{}/bucket/x?signature=y", storage.url());
    let peer = Peer::start(move |_| Answer::new(307).with("Location", target.clone()));
    let got = read(open(&peer).await.unwrap()).await.unwrap();
    assert_eq!(got, noise(LENGTH)[1000..150_000]);
    assert_eq!(storage.seen()[0].header("range"), Some("bytes=1000-149999"));
}

#[tokio::test]
async fn a_token_is_fetched_for_a_part() {
    let peer = Peer::start_with(str::to_owned, |seen: &Seen, own| {
        if seen.path() == "/token" {
            assert!(seen.target.contains("repository%3Ateam%2Fapp%3Apull"));
            return Answer::json(200, r#"{"token":"t0k3n"}"#);
        }
        match seen.header("authorization") {
            Some("Bearer t0k3n") => part("bytes 1000-149999/200000"),
            _ => Answer::new(401).with(
                "WWW-Authenticate",
                format!(r#"Bearer realm="http://{own}/token""#),
            ),
        }
    });
    read(open(&peer).await.unwrap()).await.unwrap();
    assert_eq!(peer.log().len(), 3);
}

#[tokio::test]
async fn of_a_server_without_ranges_only_the_part_is_given() {
    let peer = Peer::start(|_| Answer::new(200).body(&noise(LENGTH)));
    let got = read(open(&peer).await.unwrap()).await.unwrap();
    assert_eq!(got, noise(LENGTH)[1000..150_000]);
    // A server that never ends is cut where the part ends.
    let peer = Peer::start(|_| {
        Answer::new(200)
            .body(&noise(LENGTH)[..170_000])
            .announce(LENGTH)
            .hold(std::time::Duration::from_secs(20))
    });
    let start = std::time::Instant::now();
    let got = read(open(&peer).await.unwrap()).await.unwrap();
    assert_eq!(got.len(), 149_000);
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}

#[tokio::test]
async fn another_part_is_refused() {
    for range in [
        "bytes 999-149999/200000",
        "bytes 1000-150000/200000",
        "bytes 1000-149998/200000",
        "bytes 1000-149999/200001",
        "bytes */200000",
        "",
    ] {
        let peer = Peer::start(move |_| part(range));
        let error = open(&peer).await.unwrap_err();
        assert_eq!(error.class(), Class::Protocol, "{range}");
        assert!(error.to_string().contains("another part"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_length_is_refused() {
    let short = Answer::new(206)
        .with("Content-Range", "bytes 1000-149999/200000")
        .body(b"short");
    let other = Answer::new(200).body(&noise(LENGTH + 1));
    for answer in [short, other] {
        let peer = Peer::start(move |_| answer.clone());
        let error = open(&peer).await.unwrap_err();
        assert_eq!(error.class(), Class::Integrity, "{error}");
    }
}

#[tokio::test]
async fn too_little_and_too_much_are_errors_of_the_stream() {
    let chunked = |length: usize| {
        let body = noise(length);
        Peer::start(move |_| {
            Answer::new(206)
                .with("Content-Range", "bytes 1000-149999/200000")
                .body(&body)
                .chunked()
        })
    };
    let error = read(open(&chunked(148_000)).await.unwrap()).await;
    let error = error.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert!(error.to_string().contains("1000 bytes early"), "{error}");
    for length in [149_001, 170_000] {
        let error = read(open(&chunked(length)).await.unwrap()).await;
        let error = error.unwrap_err();
        assert_eq!(error.class(), Class::Protocol);
        assert!(error.to_string().contains("more than the part"), "{error}");
    }
    let peer = Peer::start(|_| {
        Answer::new(206)
            .with("Content-Range", "bytes 1000-149999/200000")
            .body(b"cut")
            .announce(149_000)
    });
    let error = read(open(&peer).await.unwrap()).await.unwrap_err();
    assert_eq!(error.class(), Class::Unreachable);
    assert_eq!(peer.log().len(), 1, "it is not resumed");
}

#[tokio::test]
async fn what_is_no_part_is_not_asked_for() {
    let peer = Peer::start(|_| Answer::new(200));
    let reference = peer.reference("team/app");
    let blob = layer(&noise(100));
    for (start, end) in [(0, 0), (50, 50), (60, 50), (0, 101), (u64::MAX, u64::MAX)] {
        let error = client().blob_range(&reference, &blob, start..end).await;
        assert_eq!(error.unwrap_err().class(), Class::Local, "{start} {end}");
    }
    assert!(peer.log().is_empty());
}

#[tokio::test]
async fn the_status_of_a_refused_part_is_known() {
    for status in [404, 416] {
        let peer = Peer::start(move |_| Answer::new(status));
        let error = open(&peer).await.unwrap_err();
        assert_eq!(error.status(), Some(status));
    }
}

#[tokio::test]
async fn the_size_of_a_blob_costs_one_head() {
    let digest = layer(b"x").digest;
    let peer = Peer::start(|_| Answer::new(200).with("Content-Length", "123456789012"));
    let size = client().blob_size(&peer.reference("a"), &digest).await;
    assert_eq!(size.unwrap(), Some(123_456_789_012));
    assert_eq!(peer.log(), [format!("HEAD /v2/a/blobs/{digest}")]);
    let absent = Peer::start(|_| Answer::new(404));
    let size = client().blob_size(&absent.reference("a"), &digest).await;
    assert_eq!(size.unwrap(), None);
    assert_eq!(absent.log().len(), 1);
    let silent = Peer::start(|_| Answer::new(200).chunked());
    let error = client().blob_size(&silent.reference("a"), &digest).await;
    assert_eq!(error.unwrap_err().class(), Class::Protocol);
    let denied = Peer::start(|_| Answer::new(403));
    let error = client().blob_size(&denied.reference("a"), &digest).await;
    assert_eq!(error.unwrap_err().class(), Class::Denied);
}
