use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::{Full, StreamBody};

use super::{BodyError, LEAST_BYTES, TimedBody, next_piece, read_bounded};

/// A body that arrives in these pieces.
fn pieces(texts: &'static [&'static str]) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
    let data = |text: &&'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    StreamBody::new(futures_util::stream::iter(texts.iter().map(data)))
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let read = async |limit| {
        read_bounded(pieces(&["abc", "", "de"]), limit)
            .await
            .unwrap()
    };
    assert_eq!(read(5).await.as_deref(), Some(&b"abcde"[..]));
    assert_eq!(read(4).await, None);
    let announced = read_bounded(Full::new(Bytes::from_static(b"abc")), 2);
    assert_eq!(announced.await.unwrap(), None);
}

#[tokio::test]
async fn pieces_are_never_empty() {
    let mut body = pieces(&["", "a", "", "b", ""]);
    assert_eq!(next_piece(&mut body).await.unwrap().unwrap(), "a");
    assert_eq!(next_piece(&mut body).await.unwrap().unwrap(), "b");
    assert_eq!(next_piece(&mut body).await.unwrap(), None);
}

#[tokio::test]
async fn only_a_sender_that_pauses_runs_out_of_time() {
    let patience = Duration::from_millis(50);
    let mut ready = TimedBody::new(pieces(&["a", "b"]), patience);
    assert_eq!(next_piece(&mut ready).await.unwrap().unwrap(), "a");
    // A slow reader may take longer than the sender may pause.
    tokio::time::sleep(patience * 3).await;
    assert_eq!(next_piece(&mut ready).await.unwrap().unwrap(), "b");

    let silent = StreamBody::new(futures_util::stream::pending::<Result<_, Infallible>>());
    let mut silent = TimedBody::new(silent, patience);
    let error = next_piece(&mut silent).await.unwrap_err();
    assert!(matches!(error, BodyError::Silent(waited) if waited == patience));
}

/// A body of pieces of `size` bytes, one every `pause`.
fn dripping(size: usize, pause: Duration) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
    let piece = move |()| async move {
        tokio::time::sleep(pause).await;
        Some((Ok(Frame::data(Bytes::from(vec![0; size]))), ()))
    };
    StreamBody::new(Box::pin(futures_util::stream::unfold((), piece)))
}

#[tokio::test(start_paused = true)]
async fn a_sender_of_hardly_anything_runs_out_of_time() {
    let (patience, pause) = (Duration::from_secs(60), Duration::from_secs(1));
    let mut slow = TimedBody::new(dripping(1, pause), patience);
    let mut count = 0;
    let error = loop {
        match next_piece(&mut slow).await {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, BodyError::Slow(waited) if waited == patience));
    assert_eq!(count, 59);
    let mut enough = TimedBody::new(dripping(LEAST_BYTES / 30, pause), patience);
    for _ in 0..600 {
        next_piece(&mut enough).await.unwrap();
    }
}
