//! Pulls and pushes many blobs.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lazaret_oci::{Descriptor, Reference, Repository};

use super::parallel::each;
use super::progress::Progress;
use crate::pull::Blob;
use crate::push::{BlobSource, PushBlob, Pushed};
use crate::{Client, Error};

/// A receiver of pulled blobs.
pub trait BlobSink: Send + Sync {
    /// Consumes the content of `item`, which may be kept only after it has ended without an error.
    ///
    /// # Errors
    /// Those of the blob, and [`Error::Local`] when the content cannot be kept.
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
                Ok::<_, Error>(())
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

fn distinct<T>(items: &[T], descriptor: impl Fn(&T) -> &Descriptor) -> Vec<&T> {
    let mut seen = HashSet::new();
    items
        .iter()
        .filter(|item| seen.insert(descriptor(item).digest.clone()))
        .collect()
}
