//! The file with a template's memory: what is not zero, as runs of pages.
//!
//! ```text
//! run: offset in the memory (8 bytes), length (8), the bytes of the pages; little-endian
//! ```
//! Runs are in the order of their offsets. A sparse file would do as well, but not every file system
//! and not every copy keeps its holes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use ring::digest::{Context, SHA256};
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use super::record::Sum;
use crate::Error;

/// Size of a page in bytes.
const PAGE: usize = 4096;
/// Longest run in bytes.
const RUN: usize = 1024 * 1024;

/// Writes the pages of `memory` that are not zero.
pub(super) fn write(memory: &File, file: &File) -> io::Result<Sum> {
    let mut output = Hashing::new(BufWriter::with_capacity(RUN, file));
    let mut buffer = vec![0; RUN];
    let mut end = 0;
    while let Some(begin) = next_data(memory, end)? {
        end = seek(memory, SeekFrom::Hole(begin))?;
        let mut at = begin;
        while at < end {
            let length = buffer.len().min(usize::try_from(end - at).unwrap_or(RUN));
            let piece = &mut buffer[..length];
            memory.read_exact_at(piece, at)?;
            write_runs(piece, at, &mut output)?;
            at += length as u64;
        }
    }
    output.inner.flush()?;
    Ok(output.sum())
}

/// Copies the pages in `file` into `memory`, which has `size` bytes and is zero.
pub(super) fn read(file: &File, memory: &File, size: u64) -> io::Result<Sum> {
    let mut input = Hashing::new(BufReader::with_capacity(RUN, file));
    let mut buffer = vec![0; RUN];
    let mut header = [0; 16];
    while input.fill(&mut header)? {
        let [offset, length] = [&header[..8], &header[8..]]
            .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
        let fits = offset.checked_add(length).is_some_and(|end| end <= size);
        let Some(piece) = usize::try_from(length)
            .ok()
            .filter(|_| fits && length > 0)
            .and_then(|length| buffer.get_mut(..length))
        else {
            let reason = format!("{length} bytes at {offset} are no run of its memory");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        };
        if !input.fill(piece)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        memory.write_all_at(piece, offset)?;
    }
    Ok(input.sum())
}

/// The error for a file that could not be read.
pub(super) fn fault(folder: &Path, path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::Template {
            path: folder.to_owned(),
            reason: format!("its memory is damaged: {error}"),
        },
        _ => Error::io("read", path)(error),
    }
}

/// The next offset with data, at or after `from`.
fn next_data(memory: &File, from: u64) -> io::Result<Option<u64>> {
    match seek(memory, SeekFrom::Data(from)) {
        Ok(at) => Ok(Some(at)),
        Err(Errno::NXIO) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Copies the pages of `from` that are not zero to an offset in `to`.
pub(super) fn copy(from: &File, to: &File, offset: u64) -> io::Result<()> {
    let size = from.metadata()?.len();
    let mut buffer = vec![0; RUN];
    let mut at = 0;
    while at < size {
        let length = buffer.len().min(usize::try_from(size - at).unwrap_or(RUN));
        let piece = &mut buffer[..length];
        from.read_exact_at(piece, at)?;
        for run in runs(piece) {
            to.write_all_at(&piece[run.clone()], offset + at + run.start as u64)?;
        }
        at += length as u64;
    }
    Ok(())
}

/// Writes what is not zero in `piece`, which begins at `offset`.
fn write_runs(piece: &[u8], offset: u64, output: &mut Hashing<impl Write>) -> io::Result<()> {
    for run in runs(piece) {
        let at = offset + run.start as u64;
        let run = &piece[run];
        output.put(&at.to_le_bytes())?;
        output.put(&(run.len() as u64).to_le_bytes())?;
        output.put(run)?;
    }
    Ok(())
}

/// The runs of pages in `piece` that are not zero.
fn runs(piece: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut begin = None;
    let pages = piece.chunks(PAGE).map(|page| page.iter().any(|b| *b != 0));
    for (number, used) in pages.chain([false]).enumerate() {
        let at = (number * PAGE).min(piece.len());
        match (begin, used) {
            (None, true) => begin = Some(at),
            (Some(from), false) => {
                found.push(from..at);
                begin = None;
            }
            _ => {}
        }
    }
    found
}

/// A stream of which length and digest are taken.
struct Hashing<S> {
    inner: S,
    hash: Context,
    bytes: u64,
}

impl<S> Hashing<S> {
    fn new(inner: S) -> Self {
        Self {
            inner,
            hash: Context::new(&SHA256),
            bytes: 0,
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn sum(self) -> Sum {
        Sum::new(self.bytes, self.hash.finish())
    }
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.count(bytes);
        Ok(())
    }
}

impl<R: Read> Hashing<R> {
    /// Fills `buffer`; `false` when the stream has ended before its first byte.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.inner.read(&mut buffer[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.count(buffer);
        Ok(true)
    }
}
