//! The uncompressed byte stream of a layer, which is counted and hashed while it is read.
//!
//! Three threads share the work, each on another part of the stream. Chunks circulate:
//!
//! ```text
//! decode --> parse (the caller) --> hash --> decode
//! ```

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::inflate::GzipDecoder;
use crate::allowance::Allowance;
use crate::error::Error;
use crate::sha256::Sha256;

/// Size of one chunk in bytes, and number of chunks.
const CHUNK: usize = 256 * 1024;
const CHUNKS: usize = 16;
const BUFFER: usize = 256 * 1024;
const MAGIC: usize = 6;
/// Largest window of a Zstandard frame: 2 to this power, in bytes; `zstd -21` asks for 64 MiB.
const ZSTD_WINDOW_LOG: u32 = 26;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Plain,
    Gzip,
    Zstd,
}

impl Format {
    /// Recognises the compression by the first bytes, never by a media type.
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

/// Counts what the caller's reader yields, and records that it failed, so that its error is not
/// taken for damaged data.
struct Raw<R> {
    inner: R,
    failed: Rc<Cell<bool>>,
    packed: Rc<Cell<u64>>,
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).inspect_err(|e| {
            if e.kind() != io::ErrorKind::Interrupted {
                self.failed.set(true);
            }
        });
        if let Ok(length) = read {
            self.packed.set(self.packed.get() + length as u64);
        }
        read
    }
}

/// A decoded chunk, and the number of bytes of the blob that were read for it and those before.
type Filled = (Vec<u8>, u64);

/// The stream as the parser sees it.
pub(super) struct Stream {
    filled: Receiver<Result<Filled, Error>>,
    spent: Sender<Vec<u8>>,
    chunk: Vec<u8>,
    start: usize,
    /// Number of bytes that were handed out.
    position: u64,
    /// Number of bytes that were decoded.
    decoded: u64,
    limit: u64,
    allowance: Allowance,
}

/// Decodes a blob for `parse`, then reads on to its end, so that every byte is hashed. Returns
/// the SHA-256 and the length in bytes of the whole stream, and the length of the blob.
///
/// Fails once more than `limit` bytes have been decoded, or too many for the size of the blob.
pub(super) fn run<T>(
    blob: impl Read + Send,
    limit: u64,
    parse: impl FnOnce(&mut Stream) -> Result<T, Error>,
) -> Result<(T, [u8; 32], u64, Allowance), Error> {
    thread::scope(|scope| {
        let (free, empty) = channel();
        let (full, filled) = channel();
        let (spent, read) = channel::<Vec<u8>>();
        for _ in 0..CHUNKS {
            // This cannot fail: the receiver is on this stack.
            let _ = free.send(Vec::new());
        }
        scope.spawn(move || {
            if let Err(error) = decode(blob, &empty, &full) {
                let _ = full.send(Err(error));
            }
        });
        let hasher = scope.spawn(move || {
            let mut hasher = Sha256::new();
            for chunk in read {
                hasher.update(&chunk);
                // At the end there is no receiver any more.
                let _ = free.send(chunk);
            }
            hasher.finalize()
        });
        let mut stream = Stream {
            filled,
            spent,
            chunk: Vec::new(),
            start: 0,
            position: 0,
            decoded: 0,
            limit,
            allowance: Allowance::default(),
        };
        let value = parse(&mut stream)?;
        while stream.fill()? {}
        let (decoded, allowance) = (stream.decoded, stream.allowance);
        drop(stream);
        let digest = hasher.join().expect("hashing does not panic");
        Ok((value, digest, decoded, allowance))
    })
}

/// Fills chunks until the blob ends or the receiver is gone.
fn decode(
    blob: impl Read,
    empty: &Receiver<Vec<u8>>,
    full: &Sender<Result<Filled, Error>>,
) -> Result<(), Error> {
    let mut decoder = Decoder::open(blob)?;
    for mut chunk in empty {
        chunk.resize(CHUNK, 0);
        let length = decoder.fill(&mut chunk)?;
        chunk.truncate(length);
        if length == 0 || full.send(Ok((chunk, decoder.packed.get()))).is_err() {
            break;
        }
    }
    Ok(())
}

struct Decoder<'a> {
    inner: Box<dyn Read + 'a>,
    format: Format,
    raw_failed: Rc<Cell<bool>>,
    packed: Rc<Cell<u64>>,
}

impl<'a> Decoder<'a> {
    fn open(blob: impl Read + 'a) -> Result<Self, Error> {
        let (raw_failed, packed) = (Rc::new(Cell::new(false)), Rc::default());
        let mut raw = Raw {
            inner: blob,
            failed: Rc::clone(&raw_failed),
            packed: Rc::clone(&packed),
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
        let inner: Box<dyn Read + 'a> = match format {
            Format::Plain => Box::new(whole),
            Format::Gzip => Box::new(GzipDecoder::new(whole)),
            Format::Zstd => {
                let buffered = BufReader::with_capacity(BUFFER, whole);
                let opened = zstd::stream::read::Decoder::with_buffer(buffered);
                let bounded = opened.and_then(|mut decoder| {
                    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                    Ok(decoder)
                });
                Box::new(bounded.map_err(|source| Error::Decompress {
                    format: "zstd",
                    source,
                })?)
            }
        };
        Ok(Self {
            inner,
            format,
            raw_failed,
            packed,
        })
    }

    /// Fills a chunk as far as the stream goes; returns the number of bytes.
    fn fill(&mut self, chunk: &mut [u8]) -> Result<usize, Error> {
        let mut length = 0;
        while length < chunk.len() {
            match self.inner.read(&mut chunk[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.blame(source)),
            }
        }
        Ok(length)
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

impl Stream {
    /// Number of bytes that were handed out.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// What the bytes of the blob that were read so far may become.
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Fills `buffer` as far as the stream goes; returns the number of bytes.
    pub(super) fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut done = 0;
        while done < buffer.len() {
            if self.start == self.chunk.len() && !self.fill()? {
                break;
            }
            let left = &self.chunk[self.start..];
            let count = left.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&left[..count]);
            self.consume(count);
            done += count;
        }
        Ok(done)
    }

    /// Skips `count` bytes; returns false if the stream is shorter.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<bool, Error> {
        while count > 0 {
            if self.start == self.chunk.len() && !self.fill()? {
                return Ok(false);
            }
            let step = count.min((self.chunk.len() - self.start) as u64);
            self.consume(usize::try_from(step).unwrap_or(0));
            count -= step;
        }
        Ok(true)
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    /// Takes the next chunk; false at the end of the stream. The unread part of this one is
    /// skipped.
    fn fill(&mut self) -> Result<bool, Error> {
        self.consume(self.chunk.len() - self.start);
        let spent = std::mem::take(&mut self.chunk);
        self.start = 0;
        if !spent.is_empty() {
            // The hashing thread ends only after this value.
            let _ = self.spent.send(spent);
        }
        let Ok(next) = self.filled.recv() else {
            return Ok(false);
        };
        let packed;
        (self.chunk, packed) = next?;
        self.decoded += self.chunk.len() as u64;
        self.allowance = Allowance { packed };
        if self.decoded > self.limit {
            return Err(Error::LimitExceeded {
                what: "uncompressed bytes",
                limit: self.limit,
            });
        }
        self.allowance.bytes(self.decoded)?;
        Ok(true)
    }
}
