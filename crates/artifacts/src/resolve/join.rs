//! Runs several futures concurrently, without a runtime.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Number of fetches that run concurrently.
const AT_ONCE: usize = 8;

/// Runs the futures, at most [`AT_ONCE`] at a time; results are in the order of the futures.
pub(super) async fn join_bounded<F: Future + Unpin>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures = futures.into_iter();
    let mut results: Vec<Option<F::Output>> = Vec::new();
    let mut running: Vec<(usize, F)> = Vec::new();
    poll_fn(|context| {
        loop {
            while running.len() < AT_ONCE
                && let Some(future) = futures.next()
            {
                running.push((results.len(), future));
                results.push(None);
            }
            let before = running.len();
            running.retain_mut(|(position, future)| match Pin::new(future).poll(context) {
                Poll::Ready(output) => {
                    results[*position] = Some(output);
                    false
                }
                Poll::Pending => true,
            });
            if running.is_empty() && before < AT_ONCE {
                return Poll::Ready(());
            }
            // Some have finished: start more before waiting.
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    results
        .into_iter()
        .map(|result| result.expect("the loop ends when every future has"))
        .collect()
}
