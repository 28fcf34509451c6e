use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use lazaret_client::{
    Blob, BlobSink, BlobSource, BytesSource, Class, Error, Progress, Quiet, each,
};
use lazaret_oci::{Descriptor, Digest};

use crate::support::{Answer, AsRegistry, Peer, client, noise};

#[derive(Default)]
struct Shelf(Mutex<HashMap<Digest, Vec<u8>>>);

impl BlobSink for Shelf {
    fn accept<'a>(&'a self, item: &'a Descriptor, blob: Blob) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let pieces: Vec<_> = blob.try_collect().await?;
            self.0
                .lock()
                .unwrap()
                .insert(item.digest.clone(), pieces.concat());
            Ok(())
        })
    }
}

#[derive(Default)]
struct Teller {
    started: AtomicUsize,
    finished: AtomicUsize,
    bytes: Mutex<HashMap<Digest, u64>>,
}

impl Progress for Teller {
    fn started(&self, _: &Descriptor) {
        self.started.fetch_add(1, Ordering::SeqCst);
    }
    fn advanced(&self, item: &Descriptor, bytes: u64) {
        *self
            .bytes
            .lock()
            .unwrap()
            .entry(item.digest.clone())
            .or_default() += bytes;
    }
    fn finished(&self, _: &Descriptor) {
        self.finished.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn blobs_are_pulled_side_by_side_each_once() {
    let contents: Vec<Vec<u8>> = (1..=8).map(|n| noise(n * 10_000)).collect();
    let mut blobs: Vec<Descriptor> = contents.iter().map(|c| Descriptor::of("x/y", c)).collect();
    blobs.push(blobs[0].clone());
    let served = contents.clone();
    let peer = Peer::start(move |seen| {
        let wanted = seen.path().rsplit('/').next().unwrap();
        let found = served.iter().find(|c| Digest::of(c).to_string() == wanted);
        Answer::new(200)
            .body(found.unwrap())
            .after(Duration::from_millis(50))
    });
    let (shelf, teller) = (Shelf::default(), Arc::new(Teller::default()));
    let progress: Arc<dyn Progress> = Arc::clone(&teller) as _;
    let start = std::time::Instant::now();
    client()
        .pull_blobs(&peer.reference("a"), &blobs, &shelf, &progress)
        .await
        .unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(350),
        "four at a time: {:?}",
        start.elapsed()
    );
    assert_eq!(peer.log().len(), 8);
    for (content, blob) in contents.iter().zip(&blobs) {
        assert_eq!(&shelf.0.lock().unwrap()[&blob.digest], content);
        assert_eq!(
            teller.bytes.lock().unwrap()[&blob.digest],
            content.len() as u64
        );
    }
    assert_eq!(
        (
            teller.started.load(Ordering::SeqCst),
            teller.finished.load(Ordering::SeqCst)
        ),
        (8, 8)
    );
}

#[tokio::test]
async fn the_first_error_ends_the_rest() {
    let slow = noise(10);
    let peer = Peer::start(move |seen| {
        if seen.path().ends_with(&Digest::of(b"bad").to_string()) {
            Answer::new(404)
        } else {
            Answer::new(200).body(&slow).after(Duration::from_secs(20))
        }
    });
    let blobs = [
        Descriptor::of("x/y", &noise(10)),
        Descriptor::of("x/y", b"bad"),
    ];
    let progress: Arc<dyn Progress> = Arc::new(Quiet);
    let start = std::time::Instant::now();
    let error = client()
        .pull_blobs(&peer.reference("a"), &blobs, &Shelf::default(), &progress)
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn blobs_are_pushed_side_by_side() {
    let peer = Peer::start(|seen| match seen.method.as_str() {
        "HEAD" => Answer::new(404),
        "POST" => Answer::new(202).with("Location", "/upload"),
        _ => Answer::new(201),
    });
    let blobs: Vec<(Descriptor, Arc<dyn BlobSource>)> = (1..=5)
        .map(|n| {
            let content = noise(n * 1000);
            (
                Descriptor::of("x/y", &content),
                Arc::new(BytesSource(content.into())) as Arc<dyn BlobSource>,
            )
        })
        .collect();
    let teller = Arc::new(Teller::default());
    let progress: Arc<dyn Progress> = Arc::clone(&teller) as _;
    let pushed = client()
        .push_blobs(&peer.reference("a"), &blobs, None, &progress)
        .await
        .unwrap();
    assert_eq!(pushed.len(), 5);
    assert_eq!(teller.bytes.lock().unwrap().values().sum::<u64>(), 15_000);
}

#[tokio::test]
async fn results_keep_their_order_and_the_limit_holds() {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (running, most) = (&running, &most);
    let results = each(0..20_u64, 3, |n| async move {
        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20 - n)).await;
        running.fetch_sub(1, Ordering::SeqCst);
        Ok::<_, Error>(n)
    })
    .await
    .unwrap();
    assert_eq!(results, (0..20).collect::<Vec<_>>());
    assert_eq!(most.load(Ordering::SeqCst), 3);
}
