use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Starts this many requests at once; counts those that have gone.
fn begin(pace: &Arc<Pace>, count: usize) -> Arc<AtomicUsize> {
    let gone = Arc::new(AtomicUsize::new(0));
    for _ in 0..count {
        let (pace, gone) = (Arc::clone(pace), Arc::clone(&gone));
        tokio::spawn(async move {
            pace.wait().await;
            gone.fetch_add(1, Ordering::Relaxed);
        });
    }
    gone
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

fn pace(per_second: f64) -> Arc<Pace> {
    Arc::new(Pace::new(per_second).unwrap())
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_their_tokens_and_all_go_in_the_end() {
    let pace = pace(4.0);
    let gone = begin(&pace, 20);
    pass(Duration::from_millis(1)).await;
    assert_eq!(gone.load(Ordering::Relaxed), 4);
    for second in 1..4 {
        pass(Duration::from_secs(1)).await;
        assert_eq!(gone.load(Ordering::Relaxed), 4 + 4 * second);
    }
    pass(Duration::from_secs(1)).await;
    assert_eq!(gone.load(Ordering::Relaxed), 20);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_was_left_alone_has_the_tokens_of_one_second_and_no_more() {
    let pace = pace(10.0);
    begin(&pace, 10);
    pass(Duration::from_secs(3600)).await;
    let gone = begin(&pace, 100);
    pass(Duration::from_millis(1)).await;
    assert_eq!(gone.load(Ordering::Relaxed), 10);
    pass(Duration::from_millis(500)).await;
    assert_eq!(gone.load(Ordering::Relaxed), 15);
}

#[tokio::test(start_paused = true)]
async fn a_rate_below_one_lets_one_through_at_a_time() {
    let pace = pace(0.1);
    let gone = begin(&pace, 3);
    for expected in 1..=3 {
        pass(Duration::from_millis(1)).await;
        assert_eq!(gone.load(Ordering::Relaxed), expected);
        pass(Duration::from_secs(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn they_go_in_the_order_in_which_they_came() {
    let pace = pace(1.0);
    let now = Instant::now();
    let times: Vec<u64> = (0..4).map(|_| (pace.take(now) - now).as_secs()).collect();
    assert_eq!(times, [0, 1, 2, 3]);
}

#[test]
fn what_is_no_rate_limits_nothing() {
    for number in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(Pace::new(number).is_none(), "{number}");
    }
    for number in [f64::MIN_POSITIVE, 1e-300, 1e300, f64::MAX] {
        assert!(Pace::new(number).is_some(), "{number}");
    }
}
