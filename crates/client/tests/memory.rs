//! Tests that a large blob passes in both directions without being held in memory. It has a process
//! of its own, because it measures the memory of the whole process.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // Helpers of tests are tests, too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use lazaret_client::{Anonymous, BlobSource, Client, Options, PushBlob, Pushed};
use lazaret_oci::{Algorithm, Descriptor, Hasher, Reference};
use lazaret_testing::http::{Answer, Peer, Seen};
use lazaret_testing::server::Usage;
use tokio::io::{AsyncRead, ReadBuf};

const SIZE: u64 = 512 * 1024 * 1024;
const MOST: u64 = 64 * 1024 * 1024;

/// `SIZE` bytes of zeros.
struct Zeros;

struct ZeroReader(u64);

impl AsyncRead for ZeroReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = usize::try_from(self.0).unwrap().min(buffer.remaining());
        buffer.initialize_unfilled_to(length).fill(0);
        buffer.advance(length);
        self.0 -= length as u64;
        Poll::Ready(Ok(()))
    }
}

impl BlobSource for Zeros {
    fn open(
        &self,
        offset: u64,
    ) -> BoxFuture<'_, io::Result<Box<dyn AsyncRead + Send + Unpin + 'static>>> {
        Box::pin(async move {
            Ok(Box::new(ZeroReader(SIZE - offset)) as Box<dyn AsyncRead + Send + Unpin>)
        })
    }
}

/// Accepts any request, and streams zeros.
fn answer(seen: &Seen) -> Answer {
    match seen.method.as_str() {
        "HEAD" => Answer::new(404),
        "POST" => Answer::new(202).with("Location", "/upload"),
        "PUT" => Answer::new(201),
        _ => Answer::new(200).zeros(SIZE),
    }
}

#[tokio::test]
async fn half_a_gibibyte_needs_little_memory_in_either_direction() {
    let peer = Peer::start(answer);
    let reference: Reference = format!("{}/a", peer.address).parse().unwrap();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let piece = vec![0; 1024 * 1024];
    for _ in 0..SIZE / piece.len() as u64 {
        hasher.update(&piece);
    }
    let blob = Descriptor::new("x/y", hasher.finish(), SIZE);
    let client = Client::new(Options::default(), Arc::new(Anonymous)).unwrap();
    let before = Usage::own().memory;

    let start = std::time::Instant::now();
    let pushed = client
        .push_blob(&reference, &blob, &Zeros, &PushBlob::default())
        .await
        .unwrap();
    let push_time = start.elapsed();
    assert_eq!(pushed, Pushed::Sent);
    let received: u64 = peer.seen().iter().map(|seen| seen.length).sum();
    assert_eq!(received, SIZE);

    let start = std::time::Instant::now();
    let mut content = client.blob(&reference, &blob).await.unwrap();
    let mut total = 0;
    while let Some(piece) = content.try_next().await.unwrap() {
        total += piece.len() as u64;
    }
    let pull_time = start.elapsed();
    assert_eq!(total, SIZE);

    let growth = Usage::own().peak_memory.saturating_sub(before);
    println!(
        "push {push_time:?}, pull {pull_time:?}, memory +{} KiB",
        growth / 1024
    );
    assert!(growth < MOST, "grew by {growth} bytes");
}
