//! The uncompressed byte stream of a layer: decoded, counted and hashed as it passes.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use crate::sha256::Sha256;
use flate2::read::MultiGzDecoder;

use crate::error::Error;

const BUFFER: usize = 256 * 1024;
const MAGIC: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Plain,
    Gzip,
    Zstd,
}

impl Format {
    /// The compression is told by the first bytes, never by a media type.
    fn sniff(magic: &[u8]) -> Result<Self, Error> {
        let unsupported = |format| Err(Error::UnsupportedCompression { format });
        match magic {
            [0x1f, 0x8b, ..] => Ok(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Self::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41] => unsupported("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => unsupported("xz"),
            _ => Ok(Self::Plain),
        }
    }
}

/// Remembers that the caller's reader failed, so that its error is not blamed on the data.
struct Raw<R> {
    inner: R,
    failed: Rc<Cell<bool>>,
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|e| {
            if e.kind() != io::ErrorKind::Interrupted {
                self.failed.set(true);
            }
        })
    }
}

/// Reads the uncompressed stream through one buffer. Every byte is hashed exactly once.
pub(super) struct Stream<'a> {
    decoder: Box<dyn Read + 'a>,
    format: Format,
    raw_failed: Rc<Cell<bool>>,
    hasher: Sha256,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes handed out so far.
    position: u64,
    /// Bytes decoded so far.
    decoded: u64,
    limit: u64,
}

impl<'a> Stream<'a> {
    /// Opens a stream that fails once more than `limit` bytes have been decoded.
    pub(super) fn open(blob: impl Read + 'a, limit: u64) -> Result<Self, Error> {
        let raw_failed = Rc::new(Cell::new(false));
        let mut raw = Raw {
            inner: blob,
            failed: Rc::clone(&raw_failed),
        };
        let mut magic = Vec::with_capacity(MAGIC);
        raw.by_ref()
            .take(MAGIC as u64)
            .read_to_end(&mut magic)
            .map_err(|source| Error::Read {
                what: "the layer".into(),
                source,
            })?;
        let format = Format::sniff(&magic)?;
        let whole = Cursor::new(magic).chain(raw);
        let decoder: Box<dyn Read + 'a> = match format {
            Format::Plain => Box::new(whole),
            Format::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))),
            Format::Zstd => {
                let buffered = BufReader::with_capacity(BUFFER, whole);
                let decoder =
                    zstd::stream::read::Decoder::with_buffer(buffered).map_err(|source| {
                        Error::Decompress {
                            format: "zstd",
                            source,
                        }
                    })?;
                Box::new(decoder)
            }
        };
        Ok(Self {
            decoder,
            format,
            raw_failed,
            hasher: Sha256::new(),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            position: 0,
            decoded: 0,
            limit,
        })
    }

    /// Bytes handed out so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Up to `buffer.len()` bytes; 0 only at the end of the stream.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.start == self.end && !buffer.is_empty() {
            self.fill()?;
        }
        let count = buffer.len().min(self.end - self.start);
        buffer[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.consume(count);
        Ok(count)
    }

    /// Fills `buffer` as far as the stream goes and returns how far that was.
    pub(super) fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut done = 0;
        while done < buffer.len() {
            match self.read(&mut buffer[done..])? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }

    /// Passes over `count` bytes; returns false if the stream is shorter.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<bool, Error> {
        while count > 0 {
            if self.start == self.end && self.fill()? == 0 {
                return Ok(false);
            }
            let step = count.min((self.end - self.start) as u64);
            self.consume(usize::try_from(step).unwrap_or(0));
            count -= step;
        }
        Ok(true)
    }

    /// Reads to the end, so that every byte is hashed, and returns the SHA-256 and length of it all.
    pub(super) fn finish(mut self) -> Result<([u8; 32], u64), Error> {
        self.consume(self.end - self.start);
        while self.fill()? > 0 {
            self.consume(self.end - self.start);
        }
        Ok((self.hasher.finalize(), self.decoded))
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    fn fill(&mut self) -> Result<usize, Error> {
        self.start = 0;
        self.end = 0;
        let count = loop {
            match self.decoder.read(&mut self.buffer) {
                Ok(count) => break count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.blame(source)),
            }
        };
        self.hasher.update(&self.buffer[..count]);
        self.decoded += count as u64;
        if self.decoded > self.limit {
            return Err(Error::LimitExceeded {
                what: "uncompressed bytes",
                limit: self.limit,
            });
        }
        self.end = count;
        Ok(count)
    }

    fn blame(&self, source: io::Error) -> Error {
        match self.format {
            Format::Gzip if !self.raw_failed.get() => Error::Decompress {
                format: "gzip",
                source,
            },
            Format::Zstd if !self.raw_failed.get() => Error::Decompress {
                format: "zstd",
                source,
            },
            _ => Error::Read {
                what: "the layer".into(),
                source,
            },
        }
    }
}
