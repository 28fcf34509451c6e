//! Decompresses by magic number, always with a bound on the result.

use std::io::{self, BufRead, BufReader, Cursor, Read};

/// Memory that a stream of xz may ask for, in bytes; `xz -9` asks for 65 MiB.
const XZ_MEMORY_BYTES: u64 = 80 * 1024 * 1024;

/// A reader of what `source` holds, decompressed when it begins with the magic of xz, zstd or
/// gzip, and otherwise as it is.
pub(super) fn reader<'a>(source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut source = BufReader::with_capacity(128 * 1024, source);
    let mut magic = Vec::with_capacity(6);
    (&mut source).take(6).read_to_end(&mut magic)?;
    let format = Format::of(&magic);
    let whole = Cursor::new(magic).chain(source);
    format.decoder(whole)
}

/// Reads at most `limit` bytes of `source`, decompressed as by [`reader`].
///
/// # Errors
/// `FileTooLarge` when there are more; `InvalidData` and others for a damaged stream.
pub(super) fn read_bounded(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader(source)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than {limit} bytes unpacked"),
        ));
    }
    Ok(bytes)
}

enum Format {
    Plain,
    Gzip,
    Xz,
    Zstd,
}

impl Format {
    fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    fn decoder<'a>(self, source: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Plain => Box::new(source),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
            Self::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(source, stream))
            }
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(source)?),
        })
    }
}
