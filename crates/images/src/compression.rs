//! Compression of tars, known by how a file begins.

use std::io::{self, BufRead, Cursor, Read};

/// Memory that a stream of xz may ask for, in bytes; `xz -9` asks for 65 MiB.
const XZ_MEMORY_BYTES: u64 = 80 * 1024 * 1024;
/// Largest window of a Zstandard frame: 2 to this power, in bytes; `zstd -21` asks for 64 MiB.
const ZSTD_WINDOW_LOG: u32 = 26;

/// A format that a tar comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// None.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The `.xz` format.
    Xz,
}

impl Compression {
    /// The format of a stream that begins with `magic`.
    pub(crate) fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::Plain,
        }
    }

    /// Reads how a stream begins; the format, and the whole stream again.
    ///
    /// # Errors
    /// Those of the stream.
    pub(crate) fn detect<R: BufRead>(mut source: R) -> io::Result<(Self, impl BufRead)> {
        let mut magic = Vec::with_capacity(6);
        (&mut source).take(6).read_to_end(&mut magic)?;
        let compression = Self::of(&magic);
        Ok((compression, Cursor::new(magic).chain(source)))
    }

    /// The content of a stream in this format.
    ///
    /// # Errors
    /// When the decoder gets no memory.
    pub(crate) fn decoder<'a>(self, source: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Plain => Box::new(source),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(source)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Self::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(source, stream))
            }
        })
    }
}
