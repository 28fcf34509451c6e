use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream;
use lazaret_images::{Content, Error};
use lazaret_oci::Descriptor;
use tokio::io::AsyncReadExt as _;

use super::*;

const WHOLE: &[u8] = b"0123456789abcdefghij";

/// Content that counts how often it is read, and that can fail in the third piece.
#[derive(Clone)]
struct Counted {
    reads: Arc<AtomicU32>,
    breaks: bool,
}

impl Content for Counted {
    fn read(&self, offset: u64) -> Pieces {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let rest = &WHOLE[usize::try_from(offset).unwrap()..];
        let pieces = rest.chunks(4).map(|piece| Ok(Bytes::from_static(piece)));
        let reset = Err(Error::Elsewhere("connection reset".into()));
        let whole = if self.breaks { 2 } else { usize::MAX };
        let broken = self.breaks.then_some(reset);
        stream::iter(pieces.take(whole).chain(broken)).boxed()
    }
}

fn outgoing(breaks: bool) -> (Outgoing, Arc<AtomicU32>) {
    let reads = Arc::new(AtomicU32::new(0));
    let content = Counted {
        reads: Arc::clone(&reads),
        breaks,
    };
    let blob = Blob::new(Descriptor::of("text/plain", WHOLE), content);
    (Outgoing::new(blob), reads)
}

async fn chunk(source: &Outgoing, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::new();
    let reader = source.open(offset).await?;
    reader.take(length).read_to_end(&mut chunk).await?;
    Ok(chunk)
}

#[tokio::test]
async fn chunks_in_order_are_one_reading() {
    let (source, reads) = outgoing(false);
    for (offset, length) in [(0, 6), (6, 7), (13, 7)] {
        let start = usize::try_from(offset).unwrap();
        let expected = &WHOLE[start..start + usize::try_from(length).unwrap()];
        assert_eq!(chunk(&source, offset, length).await.unwrap(), expected);
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1);
    // A chunk that is sent again is read again.
    assert_eq!(chunk(&source, 6, 7).await.unwrap(), &WHOLE[6..13]);
    assert_eq!(reads.load(Ordering::SeqCst), 2);
    assert_eq!(chunk(&source, 13, 7).await.unwrap(), &WHOLE[13..]);
    assert_eq!(reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn after_a_failure_the_content_is_read_anew() {
    let (source, reads) = outgoing(true);
    let error = chunk(&source, 0, 20).await.unwrap_err();
    assert!(error.to_string().contains("connection reset"), "{error}");
    assert_eq!(chunk(&source, 8, 4).await.unwrap(), &WHOLE[8..12]);
    assert_eq!(reads.load(Ordering::SeqCst), 2);
}
