//! The cache against an upstream that cuts, lies and dawdles.

mod fake;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use proptest::prelude::*;

use super::partial::Verdict;
use crate::Error;
use fake::{Bed, Flaw, noise};

/// What one reader wants: a start and a length in thousandths of the blob, and whether it wants the
/// whole.
type Wish = (u64, u64, bool);

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let work = async {
        let limited = tokio::time::timeout(Duration::from_secs(60), work);
        limited.await.expect("nothing waits for ever")
    };
    runtime.block_on(work)
}

fn range((start, length, is_whole): Wish, size: u64) -> std::ops::Range<u64> {
    if is_whole {
        return 0..size;
    }
    let start = size * start / 1000;
    start..size.min(start + 1 + size * length / 1000)
}

/// Reads what the wishes say at the same time; returns the bytes of each, and whether they came
/// whole.
async fn read_all(bed: &Bed, wishes: &[Wish]) -> Vec<(std::ops::Range<u64>, Vec<u8>, bool)> {
    // One who came after the blob was stored would be told so by the mirror.
    let partial = bed.partial().await;
    let readings = wishes.iter().map(|&wish| {
        let partial = Arc::clone(&partial);
        async move {
            let range = range(wish, bed.size());
            let (bytes, outcome) = bed.read_of(partial, range.clone(), wish.2).await;
            (range, bytes, outcome.is_ok())
        }
    });
    futures_util::future::join_all(readings).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever goes wrong, readers get the right bytes, or a beginning of them and a failure. Only
    /// wrong bytes of the upstream may reach those who read ranges, which cannot be verified.
    #[test]
    fn readers_get_the_right_bytes_or_a_failure(
        size in prop_oneof![0_u64..2000, 60_000_u64..70_000, 250_000_u64..1_500_000],
        flaws in proptest::collection::vec(any::<Flaw>(), 0..5),
        wishes in proptest::collection::vec((0_u64..1000, 0_u64..400, any::<bool>()), 1..6),
    ) {
        run(async {
            let is_liar = flaws.iter().any(|flaw| matches!(flaw, Flaw::Lie));
            let bed = Bed::new(noise(size), flaws).await;
            for (range, bytes, is_whole) in read_all(&bed, &wishes).await {
                let is_all = range == (0..size);
                if is_liar && !is_all {
                    continue;
                }
                let wanted = bed.content(range.clone());
                if is_whole {
                    prop_assert!(bytes == wanted, "other bytes of {range:?}");
                } else {
                    prop_assert!(bytes.len() < wanted.len() || wanted.is_empty());
                    prop_assert!(is_liar || wanted.starts_with(&bytes), "other bytes of {range:?}");
                }
            }
            // Afterwards the upstream does everything right, and the blob comes.
            bed.heal();
            let (mut bytes, mut outcome) = bed.read(0..size, true).await;
            if is_liar && outcome.is_err() {
                // Wrong bytes of a part were present, and are gone now.
                (bytes, outcome) = bed.read(0..size, true).await;
            }
            prop_assert!(outcome.is_ok(), "{outcome:?}");
            prop_assert!(bytes == bed.content(0..size));
            bed.until_stored().await;
            prop_assert!(bed.stored().await == bed.content(0..size));
            Ok(())
        })?;
    }

    /// When nothing fails, every byte is asked for once at most, whoever reads whatever.
    #[test]
    fn every_byte_is_fetched_once_at_most(
        size in 1_u64..3_000_000,
        delays in proptest::collection::vec(0_u64..3, 0..5),
        wishes in proptest::collection::vec((0_u64..1000, 0_u64..400, any::<bool>()), 1..8),
    ) {
        run(async {
            let flaws = delays.into_iter().map(Flaw::Delay).collect();
            let bed = Bed::new(noise(size), flaws).await;
            for (range, bytes, is_whole) in read_all(&bed, &wishes).await {
                prop_assert!(is_whole);
                prop_assert!(bytes == bed.content(range));
            }
            let asked = bed.origin.asked();
            let mut sorted = asked.clone();
            sorted.sort_by_key(|range| range.start);
            for pair in sorted.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start, "{asked:?}");
            }
            Ok(())
        })?;
    }

    /// A process that ends at any time leaves what the next one goes on from.
    #[test]
    fn a_later_process_goes_on_from_what_is_recorded(
        size in 300_000_u64..1_500_000,
        cut in 0_u64..1000,
    ) {
        run(async {
            let mut bed = Bed::new(noise(size), vec![Flaw::Cut(size * cut / 1000)]).await;
            // Only one part, which is recorded at its end.
            let _ = bed.read(0..size / 4, false).await;
            bed.until_idle().await;
            let before = bed.origin.sent();
            bed.reopen();
            let (bytes, outcome) = bed.read(0..size, true).await;
            prop_assert!(outcome.is_ok(), "{outcome:?}");
            prop_assert!(bytes == bed.content(0..size));
            prop_assert_eq!(bed.origin.sent(), size, "{} came before", before);
            Ok(())
        })?;
    }
}

#[test]
fn a_whole_blob_with_wrong_bytes_fails_and_leaves_nothing() {
    run(async {
        let bed = Bed::new(noise(300_000), vec![Flaw::Lie]).await;
        let (bytes, outcome) = bed.read(0..300_000, true).await;
        assert!(outcome.is_err());
        assert!(bytes.len() <= 300_000 - 64 * 1024, "{}", bytes.len());
        bed.until_no_files().await;
    });
}

#[test]
fn what_an_earlier_process_left_and_is_wrong_is_fetched_anew_once() {
    run(async {
        let mut bed = Bed::new(noise(600_000), vec![Flaw::Lie]).await;
        // A lie about a part is not found out.
        let (bytes, outcome) = bed.read(0..1000, false).await;
        assert!(outcome.is_ok() && bytes != bed.content(0..1000));
        bed.until_idle().await;
        bed.heal();
        bed.reopen();
        let (bytes, outcome) = bed.read(0..600_000, true).await;
        // The wrong beginning was sent already, so that this reader is cut or got all of it right.
        assert!(outcome.is_err() || bytes == bed.content(0..600_000));
        let (bytes, outcome) = bed.read(0..600_000, true).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(bytes == bed.content(0..600_000));
    });
}

#[test]
fn bytes_that_are_present_are_not_overwritten_by_others() {
    run(async {
        let bed = Bed::new(noise(10_000), Vec::new()).await;
        let partial = bed.partial().await;
        let right: bytes::Bytes = bed.content(0..10_000).into();
        let wrong: bytes::Bytes = vec![0; 4000].into();
        assert!(partial.write(1, 0, &right.slice(0..6000)).unwrap());
        // Half of it is there already.
        assert!(partial.write(2, 4000, &wrong).unwrap());
        assert_eq!(partial.present(), 8000);
        let here = partial.read(0..8000).unwrap();
        assert!(here[..6000] == right[..6000]);
        assert!(here[6000..] == wrong[2000..]);
        // What is hashed is what is in the file, so that the verdict is on that.
        assert!(!partial.write(1, 8000, &right.slice(8000..)).unwrap());
        assert!(!partial.verify().unwrap());
        partial.forget();
        assert!(!partial.write(1, 5000, &right.slice(5000..)).unwrap());
        partial.write(1, 0, &right).unwrap();
        assert!(partial.verify().unwrap());
    });
}

#[test]
fn a_fill_that_fails_tells_all_who_wait_and_goes_on_when_it_is_asked_for_again() {
    run(async {
        let bed = Arc::new(Bed::new(noise(500_000), vec![Flaw::Refuse; 1]).await);
        let readers = (0..4).map(|_| {
            let bed = Arc::clone(&bed);
            tokio::spawn(async move { bed.read(0..500_000, true).await.1.is_ok() })
        });
        let outcomes = futures_util::future::join_all(readers).await;
        assert!(outcomes.iter().any(|outcome| !outcome.as_ref().unwrap()));
        let (bytes, outcome) = bed.read(0..500_000, true).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(bytes == bed.content(0..500_000));
    });
}

#[test]
fn a_reader_of_a_part_without_an_end_has_little_fetched_ahead() {
    run(async {
        let bed = Bed::new(noise(3_000_000), Vec::new()).await;
        let mut stream = bed
            .stream(bed.partial().await, 1_000_000..3_000_000, false, 300_000)
            .await
            .unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert!(!first.is_empty());
        drop(stream);
        bed.until_idle().await;
        assert!(bed.origin.sent() <= 1_000_000, "{}", bed.origin.sent());
        assert!(matches!(bed.partial().await.verdict(), Verdict::Open));
    });
}

#[test]
fn a_process_beside_another_has_files_of_its_own() {
    run(async {
        let bed = Bed::new(noise(400_000), vec![Flaw::Delay(5)]).await;
        let other = bed.beside();
        let (one, two) = tokio::join!(bed.partial(), other.partial());
        assert_ne!(one.content(), two.content());
        let (one, two) = tokio::join!(bed.read(0..400_000, true), other.read(0..400_000, true));
        for (bytes, outcome) in [one, two] {
            assert!(outcome.is_ok(), "{outcome:?}");
            assert!(bytes == bed.content(0..400_000));
        }
        bed.until_stored().await;
        // The second waited for the first.
        assert_eq!(bed.origin.sent(), 400_000);
    });
}

#[test]
fn parts_that_are_wrong_are_found_out_by_what_another_process_has_stored() {
    run(async {
        let bed = Bed::new(noise(600_000), vec![Flaw::Lie]).await;
        let other = bed.beside();
        let (bytes, outcome) = other.read(0..1000, false).await;
        assert!(outcome.is_ok() && bytes != bed.content(0..1000));
        let (_, outcome) = bed.read(0..600_000, true).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        bed.until_stored().await;
        let (bytes, outcome) = other.read(0..600_000, true).await;
        assert!(outcome.is_ok() && bytes == bed.content(0..600_000) || outcome.is_err());
        let (bytes, outcome) = other.read(0..600_000, true).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(bytes == bed.content(0..600_000));
    });
}

#[test]
fn an_error_that_is_final_is_not_tried_again() {
    run(async {
        let bed = Bed::new(noise(100_000), vec![Flaw::Refuse]).await;
        let (_, outcome) = bed.read(0..100_000, true).await;
        assert!(matches!(outcome, Err(Error::Refused { .. })), "{outcome:?}");
        assert_eq!(bed.origin.asked().len(), 1);
    });
}
