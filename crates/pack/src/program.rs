//! The mark in the program of a pack, by which it knows that it is one even when the rest is gone.

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt as _;

use memchr::memmem::Finder;

use crate::error::Error;
use crate::layout::LARGEST_PROGRAM;

const BYTES: usize = 32;
const OF_PACK: u8 = b'p';

/// The only place in the program with these bytes. A pack's copy of the program has a `p` at the end.
#[used]
static MARK: [u8; BYTES] = *b"lazaret::\x01program\x02of\x03a\x04file:\x05\x06\x07-";

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// Whether this program is the one of a pack.
#[must_use]
pub fn is_of_pack() -> bool {
    black_box(&MARK)[BYTES - 1] == OF_PACK
}

/// Where the mark of a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// Offset of the byte that says it.
    pub offset: u64,
    /// What it says.
    pub is_of_pack: bool,
}

impl Marker {
    /// Finds the mark in a program's file. Blocks.
    ///
    /// # Errors
    /// [`Error::Program`] when there is none or more than one; also for a file that cannot be read.
    pub fn find(file: &File) -> Result<Self, Error> {
        let found = search(file).map_err(|_| Error::Program {
            reason: "it cannot be read",
        })?;
        match found[..] {
            [marker] => Ok(marker),
            [] => Err(Error::Program {
                reason: "its file lacks the mark by which it would know itself",
            }),
            _ => Err(Error::Program {
                reason: "its file has the mark by which it would know itself more than once",
            }),
        }
    }

    /// The byte that says that the program is the one of a pack.
    #[must_use]
    pub fn byte() -> u8 {
        OF_PACK
    }
}

fn search(file: &File) -> io::Result<Vec<Marker>> {
    // The bytes of the mark itself: a second copy here would be found, too.
    let wanted = &black_box(&MARK)[..BYTES - 1];
    let finder = Finder::new(wanted);
    let mut found = Vec::new();
    let mut buffer = vec![0; PIECE + BYTES];
    let mut at = 0;
    while at < LARGEST_PROGRAM {
        let length = read_up_to(file, &mut buffer, at)?;
        let piece = &buffer[..length];
        for position in finder.find_iter(piece) {
            let last = position + BYTES - 1;
            // A mark in the last bytes is found again with the next piece.
            if position < PIECE && last < length {
                found.push(Marker {
                    offset: at + last as u64,
                    is_of_pack: piece[last] == OF_PACK,
                });
            }
        }
        if length < buffer.len() || found.len() > 1 {
            break;
        }
        at += PIECE as u64;
    }
    Ok(found)
}

fn read_up_to(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], at + done as u64) {
            Ok(0) => break,
            Ok(length) => done += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
