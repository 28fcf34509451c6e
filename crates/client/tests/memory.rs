//! A large blob goes through in both directions without being held in memory. In a process of
//! its own, because it looks at the size of the whole process.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // Helpers of tests are tests, too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use lazaret_client::{Anonymous, BlobSource, Client, Options, PushBlob, Pushed};
use lazaret_oci::{Algorithm, Descriptor, Hasher, Reference};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufStream, ReadBuf};

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

/// Resident bytes of this process, now and at most so far.
fn resident() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let read = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    };
    (read("VmRSS:"), read("VmHWM:"))
}

/// Streams zeros out and counts what comes in.
async fn serve(stream: tokio::net::TcpStream, received: &AtomicU64) -> io::Result<()> {
    let mut stream = BufStream::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut length = 0_u64;
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await?;
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut buffer = vec![0; 256 * 1024];
        while length > 0 {
            let most = usize::try_from(length).unwrap().min(buffer.len());
            let got = stream.read(&mut buffer[..most]).await?;
            assert!(got > 0);
            length -= got as u64;
            received.fetch_add(got as u64, Ordering::SeqCst);
        }
        let head = match line.split(' ').next().unwrap() {
            "HEAD" => "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "POST" => "HTTP/1.1 202 X\r\nLocation: /upload\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "PUT" => "HTTP/1.1 201 X\r\nContent-Length: 0\r\n\r\n".to_owned(),
            _ => format!("HTTP/1.1 200 X\r\nContent-Length: {SIZE}\r\n\r\n"),
        };
        stream.write_all(head.as_bytes()).await?;
        if line.starts_with("GET") {
            tokio::io::copy(&mut ZeroReader(SIZE), &mut stream).await?;
        }
        stream.flush().await?;
    }
}

#[tokio::test]
async fn half_a_gibibyte_needs_little_memory_in_either_direction() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let reference: Reference = format!("{}/a", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let received = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            tokio::spawn(async move { serve(stream, &counter).await });
        }
    });
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let piece = vec![0; 1024 * 1024];
    for _ in 0..SIZE / piece.len() as u64 {
        hasher.update(&piece);
    }
    let blob = Descriptor::new("x/y", hasher.finish(), SIZE);
    let client = Client::new(Options::default(), Arc::new(Anonymous)).unwrap();
    let (before, _) = resident();

    let start = std::time::Instant::now();
    let pushed = client
        .push_blob(&reference, &blob, &Zeros, &PushBlob::default())
        .await
        .unwrap();
    let push_time = start.elapsed();
    assert_eq!(pushed, Pushed::Sent);
    assert_eq!(received.load(Ordering::SeqCst), SIZE);

    let start = std::time::Instant::now();
    let mut content = client.blob(&reference, &blob).await.unwrap();
    let mut total = 0;
    while let Some(piece) = content.try_next().await.unwrap() {
        total += piece.len() as u64;
    }
    let pull_time = start.elapsed();
    assert_eq!(total, SIZE);

    let (_, most) = resident();
    let growth = most.saturating_sub(before);
    println!(
        "push {push_time:?}, pull {pull_time:?}, memory +{} KiB",
        growth / 1024
    );
    assert!(growth < MOST, "grew by {growth} bytes");
}
