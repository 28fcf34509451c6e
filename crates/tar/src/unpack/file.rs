//! Writes the data of a file; blocks of zeros become holes.

use std::io::Read;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::beneath::Spot;
use crate::error::Error;
use crate::reader::{Piece, Reader};

/// Number of bytes that are read at a time.
const PIECE_BYTES: usize = 128 * 1024;
/// Smallest hole in bytes: a block of most file systems.
const BLOCK: usize = 4096;
const ZEROS: [u8; BLOCK] = [0; BLOCK];

/// Writes a new file of this size with the data of the reader's current entry.
pub(super) fn write(
    spot: &Spot<'_>,
    reader: &mut Reader<impl Read>,
    size: u64,
) -> Result<OwnedFd, Error> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file =
        rustix::fs::openat(&spot.folder, spot.name, flags, mode).map_err(spot.failed("make"))?;
    let mut buffer = vec![0; PIECE_BYTES];
    let (mut position, mut end) = (0, 0);
    while let Some(piece) = reader.next_piece(&mut buffer)? {
        match piece {
            Piece::Hole(length) => position += length,
            Piece::Data(bytes) => {
                let written = write_blocks(&file, position, bytes).map_err(spot.failed("write"))?;
                end = written.unwrap_or(end);
                position += bytes.len() as u64;
            }
        }
    }
    if end < size {
        rustix::fs::ftruncate(&file, size).map_err(spot.failed("write"))?;
    }
    Ok(file)
}

/// Writes the blocks that are not zeros; returns where the last one ends.
fn write_blocks(file: &OwnedFd, position: u64, bytes: &[u8]) -> Result<Option<u64>, Errno> {
    let mut end = None;
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let offset = position + at as u64;
        let to_boundary = BLOCK - usize::try_from(offset % BLOCK as u64).unwrap_or(0);
        let next = (at + to_boundary).min(bytes.len());
        let block = bytes.get(at..next).unwrap_or_default();
        if ZEROS.get(..block.len()) == Some(block) {
            write_at(file, position, bytes, start, at)?;
            start = next;
        } else {
            end = Some(position + next as u64);
        }
        at = next;
    }
    write_at(file, position, bytes, start, at)?;
    Ok(end)
}

/// Writes `bytes[start..end]` to where they belong, if `bytes` belong at `position`.
fn write_at(
    file: &OwnedFd,
    position: u64,
    bytes: &[u8],
    mut start: usize,
    end: usize,
) -> Result<(), Errno> {
    while let Some(rest) = bytes.get(start..end).filter(|rest| !rest.is_empty()) {
        match rustix::io::pwrite(file, rest, position + start as u64) {
            Ok(0) => return Err(Errno::NOSPC),
            Ok(written) => start += written,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
