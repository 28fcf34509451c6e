//! The port through which the cache reads what it lacks.

use std::ops::Range;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::Error;

/// The content of a blob at its upstream.
pub(crate) trait Origin: Send + Sync {
    /// Reads a range of the blob.
    fn read(
        &self,
        range: Range<u64>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<Bytes, Error>>, Error>>;

    /// Whether the blob is stored when it is whole.
    fn is_kept(&self) -> bool;
}
