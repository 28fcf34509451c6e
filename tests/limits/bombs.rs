//! Small files that unpack to large ones.

use std::io::{Read as _, Write as _};

use super::cost::LARGEST;
use crate::support::gzip;

/// Repeats a piece as often as it fits into the largest input, between a beginning and an end.
pub(super) fn repeat(first: &[u8], piece: &[u8], last: &[u8]) -> Vec<u8> {
    let times = (LARGEST - first.len() - last.len()) / piece.len();
    [first, &piece.repeat(times), last].concat()
}

/// Gzip members that begin with `first` and go on with `piece` over and over.
pub(super) fn gzip_of(first: &[u8], piece: &[u8]) -> Vec<u8> {
    repeat(&gzip(first), &gzip(piece), b"")
}

/// Zstandard frames of the same kind.
pub(super) fn zstd_of(first: &[u8], piece: &[u8]) -> Vec<u8> {
    repeat(&zstd(first), &zstd(piece), b"")
}

/// Streams of xz of the same kind.
pub(super) fn xz_of(first: &[u8], piece: &[u8]) -> Vec<u8> {
    repeat(&xz(first, 6), &xz(piece, 6), b"")
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

pub(super) fn xz(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut packed = Vec::new();
    liblzma::bufread::XzEncoder::new(bytes, level)
        .read_to_end(&mut packed)
        .unwrap();
    packed
}

/// A gzip stream of all the pieces, as far as it fits into the largest input.
pub(super) fn gzip_each(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let level = flate2::Compression::new(6);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    for piece in pieces {
        encoder.write_all(&piece).unwrap();
        if encoder.get_ref().len() > LARGEST - (256 << 10) {
            break;
        }
    }
    encoder.finish().unwrap()
}

/// A Zstandard frame of all the pieces, as far as it fits.
pub(super) fn zstd_each(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    for piece in pieces {
        encoder.write_all(&piece).unwrap();
        if encoder.get_ref().len() > LARGEST - (256 << 10) {
            break;
        }
    }
    encoder.finish().unwrap()
}

/// The header of a tar's entry, with its long name if need be, and its content with padding.
pub(super) fn entry(kind: u8, name: &[u8], link: &[u8], content: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    if name.len() > 100 {
        tar.extend(entry(b'L', b"L", b"", name));
    }
    if link.len() > 100 {
        tar.extend(entry(b'K', b"K", b"", link));
    }
    tar.extend(header(kind, name, link, content.len() as u64));
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512), 0);
    tar
}

/// A header that announces `size` bytes.
pub(super) fn header(kind: u8, name: &[u8], link: &[u8], size: u64) -> [u8; 512] {
    let mut header = tar::Header::new_gnu();
    let gnu = header.as_gnu_mut().unwrap();
    let (name, link) = (&name[..name.len().min(100)], &link[..link.len().min(100)]);
    gnu.name[..name.len()].copy_from_slice(name);
    gnu.linkname[..link.len()].copy_from_slice(link);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(size);
    header.set_cksum();
    *header.as_bytes()
}

/// A PAX record.
pub(super) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let body = [key.as_bytes(), b"=", value, b"\n"].concat();
    let mut length = body.len() + 2;
    while length != body.len() + 1 + length.to_string().len() {
        length += 1;
    }
    [format!("{length} ").as_bytes(), &body].concat()
}
