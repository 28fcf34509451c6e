//! Sources of the content of a push.

use std::io::{self, SeekFrom};
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncSeekExt as _};

/// Content that can be read any number of times.
pub trait BlobSource: Send + Sync {
    /// The content from byte `offset` to its end.
    ///
    /// # Errors
    /// The system's errors; they end the push.
    fn open(
        &self,
        offset: u64,
    ) -> BoxFuture<'_, io::Result<Box<dyn AsyncRead + Send + Unpin + 'static>>>;
}

/// Content in a file.
#[derive(Debug, Clone)]
pub struct FileSource(pub PathBuf);

impl BlobSource for FileSource {
    fn open(
        &self,
        offset: u64,
    ) -> BoxFuture<'_, io::Result<Box<dyn AsyncRead + Send + Unpin + 'static>>> {
        Box::pin(async move {
            let mut file = tokio::fs::File::open(&self.0).await?;
            file.seek(SeekFrom::Start(offset)).await?;
            Ok(Box::new(file) as Box<dyn AsyncRead + Send + Unpin>)
        })
    }
}

/// Content in memory.
#[derive(Debug, Clone)]
pub struct BytesSource(pub Bytes);

impl BlobSource for BytesSource {
    fn open(
        &self,
        offset: u64,
    ) -> BoxFuture<'_, io::Result<Box<dyn AsyncRead + Send + Unpin + 'static>>> {
        let mut bytes = self.0.clone();
        Box::pin(async move {
            let offset = usize::try_from(offset)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let rest = bytes.split_off(offset);
            Ok(Box::new(io::Cursor::new(rest)) as Box<dyn AsyncRead + Send + Unpin>)
        })
    }
}
