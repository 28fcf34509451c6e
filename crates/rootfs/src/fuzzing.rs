//! The entry point of the fuzz target of gzip framing.

use std::io::{self, Read};

use crate::layer::GzipDecoder;

/// Yields at most a fixed number of bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

/// Decodes a gzip stream, fed in pieces of `input` bytes, into pieces of `output` bytes, until
/// about `limit` bytes are decoded.
///
/// # Errors
/// Those of the decoder.
pub fn gunzip(stream: &[u8], input: usize, output: usize, limit: usize) -> io::Result<Vec<u8>> {
    let mut decoder = GzipDecoder::new(Pieces(stream, input));
    let (mut content, mut buffer) = (Vec::new(), vec![0; output]);
    while content.len() < limit {
        match decoder.read(&mut buffer)? {
            0 => break,
            length => content.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(content)
}
