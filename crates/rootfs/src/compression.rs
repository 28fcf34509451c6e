//! The compression algorithms of EROFS.

use std::str::FromStr;

use crate::error::Error;

/// A compression algorithm for the files of an EROFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// LZ4: compresses and decompresses fast; needs Linux 5.13.
    Lz4,
    /// Zstandard: gives smaller disks; needs Linux 6.10.
    Zstd {
        /// The compression level: 1 (fast) to 22 (small).
        level: i32,
    },
}

/// The level of `zstd` when none is given.
const LEVEL: i32 = 3;
const LEVELS: std::ops::RangeInclusive<i32> = 1..=22;

/// Compresses bytes into a buffer, whose content it replaces.
pub(crate) type Codec = Box<dyn FnMut(&[u8], &mut Vec<u8>)>;

impl Compression {
    /// Number of the algorithm in the format (`Z_EROFS_COMPRESSION_*`).
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Lz4 => LZ4,
            Self::Zstd { .. } => ZSTD,
        }
    }

    pub(crate) fn codec(self) -> Codec {
        match self {
            Self::Lz4 => Box::new(|bytes, room| {
                room.resize(lz4_flex::block::get_maximum_output_size(bytes.len()), 0);
                let length = lz4_flex::block::compress_into(bytes, room);
                room.truncate(length.expect("there is room for the worst"));
            }),
            Self::Zstd { level } => {
                let mut compressor =
                    zstd::bulk::Compressor::new(level).expect("the level is a number");
                Box::new(move |bytes, room| {
                    room.clear();
                    room.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
                    compressor
                        .compress_to_buffer(bytes, room)
                        .expect("there is room for the worst");
                })
            }
        }
    }
}

/// Decompresses exactly `size` bytes; `None` if the bytes are damaged or give another size.
pub(crate) fn decompress(algorithm: u8, bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut whole = vec![0; size];
    let length = match algorithm {
        LZ4 => lz4_flex::block::decompress_into(bytes, &mut whole).ok()?,
        ZSTD => zstd::bulk::decompress_to_buffer(bytes, &mut whole[..]).ok()?,
        _ => return None,
    };
    (length == size).then_some(whole)
}

const LZ4: u8 = 0;
const ZSTD: u8 = 3;

impl FromStr for Compression {
    type Err = Error;

    /// Parses `lz4`, `zstd` or `zstd:LEVEL`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level.parse().ok())),
            None => (text, None),
        };
        match (name, level) {
            ("lz4", None) => Some(Self::Lz4),
            ("zstd", None) => Some(Self::Zstd { level: LEVEL }),
            ("zstd", Some(Some(level))) if LEVELS.contains(&level) => Some(Self::Zstd { level }),
            _ => None,
        }
        .ok_or_else(|| Error::UnknownCompression { text: text.into() })
    }
}
