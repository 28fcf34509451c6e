//! The handle of a blob that is being pulled.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::io::AsyncRead;

use crate::Error;

/// The content of a blob. The stream ends without an error only if size and digest are right: data
/// read before an error must not be used.
pub struct Blob {
    size: u64,
    stream: BoxStream<'static, Result<Bytes, Error>>,
}

impl Blob {
    /// A blob of `size` bytes, whose stream verifies the content.
    pub(super) fn new(size: u64, stream: BoxStream<'static, Result<Bytes, Error>>) -> Self {
        Self { size, stream }
    }

    /// Size of the whole blob in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The same content; `inspect` is called with the length of every piece in bytes.
    #[must_use]
    pub fn inspect_bytes(self, inspect: impl Fn(u64) + Send + 'static) -> Self {
        Self {
            size: self.size,
            stream: self
                .stream
                .inspect_ok(move |piece| inspect(piece.len() as u64))
                .boxed(),
        }
    }

    /// The content as a reader. Its errors wrap an [`Error`].
    #[must_use]
    pub fn into_reader(self) -> impl AsyncRead + Send + Unpin + 'static {
        tokio_util::io::StreamReader::new(self.stream.map_err(std::io::Error::other))
    }
}

impl Stream for Blob {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next_unpin(cx)
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
