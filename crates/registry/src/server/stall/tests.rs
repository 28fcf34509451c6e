use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

fn pace(stall: u64, rate: u64, window: u64) -> Pace {
    Pace {
        silence: Duration::from_millis(stall),
        rate,
        window: Duration::from_millis(window),
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up() {
    let (near, mut far) = tokio::io::duplex(1024);
    let mut near = Impatient::new(near, pace(600, 0, 600), Arc::default());
    // The reader is slow but makes progress; in all it takes longer than the limit.
    let reader = tokio::spawn(async move {
        let mut buffer = [0; 1024];
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            far.read_exact(&mut buffer).await.unwrap();
        }
        far
    });
    near.write_all(&[0; 4096]).await.unwrap();
    let _far = reader.await.unwrap();
    let error = near.write_all(&[0; 4096]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

/// A peer that takes `step` bytes ten times per second.
async fn drip(step: usize, pace: Pace) -> io::Result<()> {
    let (near, mut far) = tokio::io::duplex(64);
    let mut near = Impatient::new(near, pace, Arc::default());
    let reader = tokio::spawn(async move {
        let mut buffer = vec![0; step];
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if far.read_exact(&mut buffer).await.is_err() {
                break;
            }
        }
    });
    let outcome = near.write_all(&[0; 4096]).await;
    drop(near);
    reader.await.unwrap();
    outcome
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_a_byte_now_and_then_is_given_up() {
    let error = drip(1, pace(600, 100, 2000)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_fast_enough_gets_everything() {
    drip(32, pace(600, 100, 2000)).await.unwrap();
    // Without a rate, any progress is enough.
    drip(1, pace(600, 0, 2000)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn time_without_anything_to_write_does_not_count() {
    let (near, mut far) = tokio::io::duplex(64);
    let mut near = Impatient::new(near, pace(600, 100, 2000), Arc::default());
    let mut buffer = [0; 64];
    for _ in 0..3 {
        near.write_all(&[0; 64]).await.unwrap();
        far.read_exact(&mut buffer).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}
