//! A blob of an upstream, for the cache.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use lazaret_oci::Descriptor;

use crate::Error;
use crate::cache::Origin;
use crate::upstream::{Upstream, Wanted};

/// A blob of a repository of an upstream.
pub(crate) struct RemoteBlob {
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) wanted: Wanted,
    pub(crate) descriptor: Descriptor,
    pub(crate) is_kept: bool,
}

impl Origin for RemoteBlob {
    fn read(
        &self,
        range: Range<u64>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<Bytes, Error>>, Error>> {
        async move {
            let place = self.upstream.place().await?;
            let part = self
                .upstream
                .ask_in_place(&self.wanted, |client, reference| {
                    let (descriptor, range) = (self.descriptor.clone(), range.clone());
                    async move { client.blob_range(&reference, &descriptor, range).await }.boxed()
                })
                .await?;
            let (upstream, wanted) = (Arc::clone(&self.upstream), self.wanted.clone());
            let pieces = part.map(move |piece| {
                // The place is held as long as the body comes.
                let _ = &place;
                // The number of no registry: a body that broke off says nothing of the next.
                piece.map_err(|error| upstream.failed(usize::MAX, &error, &wanted))
            });
            Ok(pieces.boxed())
        }
        .boxed()
    }

    fn is_kept(&self) -> bool {
        self.is_kept
    }
}
