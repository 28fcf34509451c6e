//! Runs work on many items at once.

use std::future::Future;

use futures_util::{StreamExt as _, TryStreamExt as _};

/// Runs `work` on every item, at most `parallel` at a time. The results keep the order of the
/// items; the first error cancels the work that is still running.
///
/// # Errors
/// The first error of `work`.
pub async fn each<I, T, E, F>(
    items: impl IntoIterator<Item = I>,
    parallel: usize,
    work: impl Fn(I) -> F,
) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let running = items.into_iter().enumerate().map(|(position, item)| {
        let future = work(item);
        async move { future.await.map(|result| (position, result)) }
    });
    let mut done: Vec<(usize, T)> = futures_util::stream::iter(running)
        .buffer_unordered(parallel.max(1))
        .try_collect()
        .await?;
    done.sort_by_key(|(position, _)| *position);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
