//! Content in a file of this machine: a whole file, or a part of one such as an entry of a tar.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::mpsc;

use super::pieces::Pieces;
use crate::error::{Error, io as failed};

/// Bytes read at once.
const PIECE: usize = 64 * 1024;
/// Pieces that may wait for who reads the stream.
const AHEAD: usize = 1;

/// A part of an open file. The file stays open while the range exists, so that no other file can
/// take its place between two reads.
#[derive(Debug, Clone)]
pub struct FileRange {
    file: Arc<File>,
    name: Arc<str>,
    offset: u64,
    length: u64,
    checked: bool,
}

impl FileRange {
    /// The whole of an open file; messages call it `name`.
    ///
    /// # Errors
    /// [`Error::Io`] when its length cannot be read.
    pub fn whole(file: File, name: &Path) -> Result<Self, Error> {
        let length = file.metadata().map_err(failed("inspect", name))?.len();
        let name = name.display().to_string();
        Ok(Self::part(Arc::new(file), name, 0, length))
    }

    /// The `length` bytes of an open file that start at `offset`, both in bytes.
    #[must_use]
    pub fn part(file: Arc<File>, name: String, offset: u64, length: u64) -> Self {
        Self {
            file,
            name: name.into(),
            offset,
            length,
            checked: false,
        }
    }

    /// The same range, marked as checked when it was stored.
    #[must_use]
    pub(crate) fn checked(self) -> Self {
        Self {
            checked: true,
            ..self
        }
    }

    /// The name of the range in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Where it begins in its file, in bytes.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether its digest was checked when it was stored.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// A reader of the whole range, for threads that may block. Several readers of one range do not
    /// disturb each other.
    #[must_use]
    pub fn reader(&self) -> RangeReader {
        self.reader_at(0)
    }

    /// The bytes from `offset` (in bytes) on, read ahead on a separate thread.
    pub(super) fn pieces(&self, offset: u64) -> Pieces {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let mut reader = self.reader_at(offset);
        tokio::task::spawn_blocking(move || {
            while let Some(piece) = next(&mut reader).transpose() {
                let is_last = piece.is_err();
                // If the receiver is gone, nothing more is needed.
                if sender.blocking_send(piece).is_err() || is_last {
                    break;
                }
            }
        });
        stream::unfold(receiver, |mut receiver| async move {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        })
        .boxed()
    }

    fn reader_at(&self, offset: u64) -> RangeReader {
        RangeReader {
            range: self.clone(),
            at: offset.min(self.length),
        }
    }
}

/// Reads a [`FileRange`] from front to back. It is an error if the file has become shorter.
#[derive(Debug)]
pub struct RangeReader {
    range: FileRange,
    at: u64,
}

impl Read for RangeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let range = &self.range;
        let rest = usize::try_from(range.length - self.at).unwrap_or(usize::MAX);
        let wanted = rest.min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..wanted];
        let count = range.file.read_at(buffer, range.offset + self.at)?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter",
            ));
        }
        self.at += count as u64;
        Ok(count)
    }
}

/// The next piece; `None` at the end.
fn next(reader: &mut RangeReader) -> Result<Option<Bytes>, Error> {
    let rest = reader.range.length - reader.at;
    let mut piece = vec![0; usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE))];
    if piece.is_empty() {
        return Ok(None);
    }
    let read = reader.read_exact(&mut piece);
    read.map_err(failed("read", Path::new(reader.range.name())))?;
    Ok(Some(piece.into()))
}
