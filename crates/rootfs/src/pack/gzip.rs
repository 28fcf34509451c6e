//! Compresses a layer, with a digest before and after compression.

use std::io::{self, BufWriter, Write};

use crate::sha256::Sha256;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::error::Error;

/// The compression level. It is part of the format: another level gives other digests.
const LEVEL: u32 = 6;
/// The operating system "unknown" (RFC 1952).
const UNKNOWN_SYSTEM: u8 = 255;

/// Counts and hashes the bytes that are written.
struct Hashed<W> {
    inner: W,
    hasher: Sha256,
    count: u64,
}

impl<W> Hashed<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            count: 0,
        }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Takes a tar, and writes a gzip member without time or name.
pub(crate) struct Sink<W: Write>(BufWriter<Hashed<GzEncoder<Hashed<W>>>>);

/// Digests and lengths before and after compression.
pub(crate) struct Packed {
    pub(crate) digest: [u8; 32],
    pub(crate) size: u64,
    pub(crate) diff_id: [u8; 32],
    pub(crate) uncompressed: u64,
}

impl<W: Write> Sink<W> {
    pub(crate) fn new(output: W) -> Self {
        let encoder = GzBuilder::new()
            .mtime(0)
            .operating_system(UNKNOWN_SYSTEM)
            .write(Hashed::new(output), Compression::new(LEVEL));
        Self(BufWriter::with_capacity(256 * 1024, Hashed::new(encoder)))
    }

    pub(crate) fn finish(self) -> Result<Packed, Error> {
        let fail = Error::write("the layer");
        let tar = match self.0.into_inner() {
            Ok(tar) => tar,
            Err(error) => return Err(fail(error.into_error())),
        };
        let mut blob = tar.inner.finish().map_err(Error::write("the layer"))?;
        blob.inner.flush().map_err(fail)?;
        Ok(Packed {
            digest: blob.hasher.finalize(),
            size: blob.count,
            diff_id: tar.hasher.finalize(),
            uncompressed: tar.count,
        })
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
