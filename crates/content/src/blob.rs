//! An open blob, and the chunks in which it is read.

use std::fmt;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use rustix::io::{Errno, ReadWriteFlags};
use tokio::task::JoinHandle;

use crate::Error;
use crate::error::io;

/// Largest chunk in bytes: large enough that a system call is cheap per byte, small enough
/// that hundreds of readers fit in memory.
const CHUNK: u64 = 256 * 1024;

/// A blob, or a range of one, that is open for reading. It stays readable when it is deleted.
pub struct Blob {
    size: u64,
    range: Range<u64>,
    content: Content,
}

enum Content {
    File(File),
    Memory(Bytes),
    Stream(Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>),
}

impl Blob {
    /// A blob in a file of `size` bytes.
    #[must_use]
    pub fn from_file(file: File, size: u64, range: Option<Range<u64>>) -> Self {
        Self {
            size,
            range: clamp(range, size),
            content: Content::File(file),
        }
    }

    /// A blob in memory.
    #[must_use]
    pub fn from_bytes(bytes: Bytes, range: Option<Range<u64>>) -> Self {
        let size = bytes.len() as u64;
        let range = clamp(range, size);
        let part = usize::try_from(range.start).unwrap_or(usize::MAX)
            ..usize::try_from(range.end).unwrap_or(usize::MAX);
        Self {
            size,
            content: Content::Memory(bytes.slice(part)),
            range,
        }
    }

    /// A blob of `size` bytes, of which `stream` yields the part `range`.
    #[must_use]
    pub fn from_stream(
        stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        size: u64,
        range: Range<u64>,
    ) -> Self {
        Self {
            size,
            range,
            content: Content::Stream(Box::pin(stream)),
        }
    }

    /// Size of the whole blob in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The range that will be read, in bytes.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The file that holds the blob and the range to read from it, for zero-copy sending.
    ///
    /// # Errors
    /// The blob itself, when it is not in a file.
    pub fn into_file(self) -> Result<(File, Range<u64>), Self> {
        match self.content {
            Content::File(file) => Ok((file, self.range)),
            content => Err(Self { content, ..self }),
        }
    }

    /// The content as a stream of chunks.
    #[must_use]
    pub fn into_chunks(self) -> Chunks {
        Chunks(match self.content {
            Content::Memory(bytes) => Source::Memory(bytes),
            Content::Stream(stream) => Source::Stream(stream),
            Content::File(file) => Source::File(FileChunks {
                file: Arc::new(file),
                range: self.range,
                pending: None,
            }),
        })
    }

    /// The whole content in memory.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond `limit` bytes, and read errors.
    pub async fn read(self, limit: u64) -> Result<Bytes, Error> {
        let length = self.range.end - self.range.start;
        if length > limit {
            return Err(Error::TooLarge {
                size: length,
                limit,
            });
        }
        let mut chunks = self.into_chunks();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(io("read a blob from", Path::new("the store")))?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({:?} of {})", self.range, self.size)
    }
}

fn clamp(range: Option<Range<u64>>, size: u64) -> Range<u64> {
    let range = range.unwrap_or(0..size);
    let end = range.end.min(size);
    range.start.min(end)..end
}

/// The chunks of a blob, in order. Data in the page cache is read in place; only reads
/// that must wait for the disk go to another thread.
pub struct Chunks(Source);

enum Source {
    Memory(Bytes),
    File(FileChunks),
    Stream(Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>),
}

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Source::Memory(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Memory(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Source::File(file) => file.poll_next(cx),
            Source::Stream(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks")
    }
}

struct FileChunks {
    file: Arc<File>,
    range: Range<u64>,
    pending: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileChunks {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.range.is_empty() {
            return Poll::Ready(None);
        }
        let outcome = match &mut self.pending {
            Some(task) => {
                let outcome = ready!(Pin::new(task).poll(cx));
                self.pending = None;
                outcome.unwrap_or_else(|_| Err(io::Error::other("the reading thread is gone")))
            }
            None => match read_at(&self.file, &self.range, ReadWriteFlags::NOWAIT) {
                Err(error) if must_wait(&error) => {
                    let (file, range) = (Arc::clone(&self.file), self.range.clone());
                    let task = tokio::task::spawn_blocking(move || {
                        read_at(&file, &range, ReadWriteFlags::empty())
                    });
                    self.pending = Some(task);
                    return self.poll_next(cx);
                }
                outcome => outcome,
            },
        };
        match &outcome {
            Ok(bytes) => self.range.start += bytes.len() as u64,
            Err(_) => self.range.start = self.range.end,
        }
        Poll::Ready(Some(outcome))
    }
}

fn must_wait(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(
        errno,
        Some(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL)
    )
}

/// Reads the first chunk of `range`.
fn read_at(file: &File, range: &Range<u64>, flags: ReadWriteFlags) -> io::Result<Bytes> {
    let wanted = (range.end - range.start).min(CHUNK);
    let mut buffer = vec![0; usize::try_from(wanted).map_err(io::Error::other)?];
    let length = rustix::io::retry_on_intr(|| {
        let mut slices = [IoSliceMut::new(&mut buffer)];
        rustix::io::preadv2(file, &mut slices, range.start, flags)
    })?;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    buffer.truncate(length);
    Ok(buffer.into())
}
