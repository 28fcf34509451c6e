//! Where a file has data and where it has holes.

use std::os::fd::AsFd;

use rustix::fs::{SeekFrom, Stat, seek};
use rustix::io::Errno;

use crate::sparse::Segment;

/// Most segments that are told apart; what follows them counts as data.
const SEGMENTS_MAX: usize = 64 * 1024;

/// The parts of a file with data; `None` when it has no holes, or the file system does not know.
/// The last part ends with the file, so that readers know its length.
pub(crate) fn segments(file: impl AsFd, stat: &Stat) -> Option<Vec<Segment>> {
    let size = u64::try_from(stat.st_size).ok()?;
    let allocated = u64::try_from(stat.st_blocks).ok()?.saturating_mul(512);
    if allocated >= size {
        return None;
    }
    let (mut segments, mut position) = (Vec::new(), 0);
    while position < size && segments.len() < SEGMENTS_MAX {
        let offset = match seek(&file, SeekFrom::Data(position)) {
            Ok(offset) => offset,
            // There is no data any more.
            Err(Errno::NXIO) => break,
            Err(_) => return None,
        };
        if offset >= size {
            break;
        }
        let end = seek(&file, SeekFrom::Hole(offset)).ok()?.min(size);
        segments.push(Segment {
            offset,
            length: end.checked_sub(offset)?,
        });
        position = end;
    }
    if segments.len() == SEGMENTS_MAX && position < size {
        segments.push(Segment {
            offset: position,
            length: size - position,
        });
    } else if position < size {
        segments.push(Segment {
            offset: size,
            length: 0,
        });
    }
    let is_whole = matches!(segments.as_slice(), [one] if one.offset == 0 && one.length == size);
    (!is_whole).then_some(segments)
}

#[cfg(test)]
mod tests;
