//! The interpreter of a program: the loader that the kernel starts in its place.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Longest path of an interpreter, and most headers that are looked at.
const LONGEST: u64 = 4096;
const MOST_HEADERS: u16 = 256;
const HEADER_BYTES: usize = 56;
const PT_INTERP: u32 = 3;

/// The interpreter of the program at `path`, if it has one. `None` stands for a file that is no ELF of 64
/// bits in this processor's byte order: a script (ELF-64 Object File Format).
pub(super) fn interpreter(path: &Path) -> io::Result<Option<Option<PathBuf>>> {
    let file = File::open(path)?;
    let mut start = [0; 64];
    if file.read_exact_at(&mut start, 0).is_err() || start[..6] != *b"\x7fELF\x02\x01" {
        return Ok(None);
    }
    let short = |at: usize| u16::from_le_bytes([start[at], start[at + 1]]);
    let offset = long(&start, 32);
    let (size, count) = (short(54), short(56).min(MOST_HEADERS));
    if usize::from(size) != HEADER_BYTES {
        return Ok(None);
    }
    for number in 0..u64::from(count) {
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, offset.saturating_add(number * u64::from(size)))?;
        let kind = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let (at, length) = (long(&header, 8), long(&header, 32));
        if kind != PT_INTERP || !(2..=LONGEST).contains(&length) {
            continue;
        }
        let mut name = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(&mut name, at)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(0));
        return Ok(Some(Some(OsString::from_vec(name).into())));
    }
    Ok(Some(None))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes
        .get(at..at + 8)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}
