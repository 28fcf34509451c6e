//! Hashes of sections, and zeros between them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use ring::digest::{Context, SHA256, digest};

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// SHA-256 of a range of a file, in hexadecimal digits.
pub(crate) fn hash_range(file: &File, offset: u64, size: u64) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    pieces(file, offset, size, |_, piece| {
        context.update(piece);
        Ok(())
    })?;
    Ok(lazaret_values::hex(context.finish().as_ref()))
}

/// The first byte of a range that is not zero.
pub(crate) fn first_nonzero(file: &File, offset: u64, size: u64) -> io::Result<Option<u64>> {
    let mut found = None;
    pieces(file, offset, size, |at, piece| {
        if found.is_none()
            && let Some(position) = piece.iter().position(|byte| *byte != 0)
        {
            found = Some(at + position as u64);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Gives a range of a file in pieces, with their offsets.
fn pieces(
    file: &File,
    offset: u64,
    size: u64,
    mut take: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(size).map_or(PIECE, |size| size.min(PIECE))];
    let mut done = 0;
    while done < size {
        let left = usize::try_from(size - done).unwrap_or(PIECE).min(PIECE);
        let piece = &mut buffer[..left];
        file.read_exact_at(piece, offset + done)?;
        take(offset + done, piece)?;
        done += left as u64;
    }
    Ok(())
}
