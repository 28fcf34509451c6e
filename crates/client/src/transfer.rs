//! Many blobs at once, with progress.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _};
use lazaret_oci::{Descriptor, Reference, Repository};

use crate::blob::Blob;
use crate::push::{BlobSource, PushBlob, Pushed};
use crate::{Client, Error};

/// Told how transfers go. Calls come from several tasks.
pub trait Progress: Send + Sync {
    /// The transfer of `item` begins.
    fn started(&self, item: &Descriptor);
    /// `bytes` more of `item` went over the network. After a break, bytes may count again.
    fn advanced(&self, item: &Descriptor, bytes: u64);
    /// `item` is complete (or was there already).
    fn finished(&self, item: &Descriptor);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn started(&self, _: &Descriptor) {}
    fn advanced(&self, _: &Descriptor, _: u64) {}
    fn finished(&self, _: &Descriptor) {}
}

/// Takes pulled blobs.
pub trait BlobSink: Send + Sync {
    /// Consumes the content of `item`. Only after its end without an error may it be kept.
    fn accept<'a>(&'a self, item: &'a Descriptor, blob: Blob) -> BoxFuture<'a, Result<(), Error>>;
}

impl Client {
    /// Pulls blobs in parallel into `sink`, each digest once. The first error cancels the rest.
    ///
    /// # Errors
    /// Those of [`Client::blob`] and of the sink.
    pub async fn pull_blobs(
        &self,
        reference: &Reference,
        blobs: &[Descriptor],
        sink: &dyn BlobSink,
        progress: &Arc<dyn Progress>,
    ) -> Result<(), Error> {
        each(
            distinct(blobs, |blob| blob),
            self.options().parallel,
            |item| async move {
                progress.started(item);
                let blob = self.blob(reference, item).await?;
                let reporter = Arc::clone(progress);
                let about = item.clone();
                let blob = blob.inspect_bytes(move |bytes| reporter.advanced(&about, bytes));
                sink.accept(item, blob).await?;
                progress.finished(item);
                Ok(())
            },
        )
        .await?;
        Ok(())
    }

    /// Pushes blobs in parallel, each digest once. The first error cancels the rest.
    ///
    /// # Errors
    /// Those of [`Client::push_blob`].
    pub async fn push_blobs(
        &self,
        reference: &Reference,
        blobs: &[(Descriptor, Arc<dyn BlobSource>)],
        mount_from: Option<&Repository>,
        progress: &Arc<dyn Progress>,
    ) -> Result<Vec<Pushed>, Error> {
        each(
            distinct(blobs, |(blob, _)| blob),
            self.options().parallel,
            |(item, source)| async move {
                progress.started(item);
                let reporter = Arc::clone(progress);
                let about = item.clone();
                let wishes = PushBlob {
                    mount_from: mount_from.cloned(),
                    advanced: Some(Arc::new(move |bytes| reporter.advanced(&about, bytes))),
                };
                let pushed = self.push_blob(reference, item, &**source, &wishes).await?;
                progress.finished(item);
                Ok(pushed)
            },
        )
        .await
    }
}

/// Runs `work` on every item, at most `parallel` at a time. The results keep the order of the
/// items; the first error drops what is still running.
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

fn distinct<T>(items: &[T], descriptor: impl Fn(&T) -> &Descriptor) -> Vec<&T> {
    let mut seen = HashSet::new();
    items
        .iter()
        .filter(|item| seen.insert(descriptor(item).digest.clone()))
        .collect()
}
